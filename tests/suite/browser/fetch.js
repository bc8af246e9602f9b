// Asks for each address as the visitor and tells the status; 303 stands for any redirection. Arguments: addresses, callback.
const [addresses, done] = arguments;
const waiting = [...addresses];
const answers = {};
const worker = async () => {
  for (let address = waiting.shift(); address !== undefined; address = waiting.shift()) {
    try {
      const answer = await fetch(address, { redirect: "manual" });
      answers[address] = answer.type === "opaqueredirect" ? 303 : answer.status;
      await answer.arrayBuffer();
    } catch (error) {
      answers[address] = answers[address] ?? 0;
    }
  }
};
Promise.all([1, 2, 3, 4].map(worker)).then(() => done(answers));
