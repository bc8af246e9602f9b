// Shows how far an upload has come. Without script the browser's own form does the same work.
"use strict";
for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    const bar = form.querySelector("progress");
    if (!bar || !window.FormData) return;
    event.preventDefault();
    const button = form.querySelector("button");
    const request = new XMLHttpRequest();
    bar.hidden = false;
    button.disabled = true;
    request.upload.addEventListener("progress", (sent) => {
      if (sent.lengthComputable) { bar.max = sent.total; bar.value = sent.loaded; }
    });
    // All is sent; from here on the server reads it, which has no measure.
    request.upload.addEventListener("load", () => bar.removeAttribute("value"));
    request.addEventListener("load", () => {
      // What was kept leads on to a page that shows it; a problem is a page in itself and stays here.
      if (request.responseURL !== form.action) { location.assign(request.responseURL); return; }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      document.title = page.title;
      document.body.replaceWith(page.body);
      window.scrollTo(0, 0);
    });
    // Nobody knows how far it came; whether to send it again is for the person to say.
    request.addEventListener("error", () => { button.disabled = false; bar.hidden = true; });
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}
for (const button of document.querySelectorAll("button[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
