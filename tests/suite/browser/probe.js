// Looks at the page as a reader would, and tells what is wrong with it and where it leads. Arguments: width, language.
const [width, lang] = arguments;
const wrong = [];
const root = document.documentElement;
const name = (element) => element.tagName.toLowerCase() + (element.className && element.className.baseVal === undefined ? "." + element.className.trim().replace(/\s+/g, ".") : "");
const shown = (element) => element.getClientRects().length > 0;

const tag = lang === "zh" ? "zh-CN" : "en";
if (root.lang !== tag) wrong.push(`lang is ${root.lang}, not ${tag}`);
if (document.querySelectorAll("h1").length !== 1) wrong.push(`${document.querySelectorAll("h1").length} h1`);
if (!document.title.includes("·") || document.title.startsWith(" ")) wrong.push(`title "${document.title}"`);

if (root.scrollWidth > width) {
  const scrolls = (element) => { for (let at = element.parentElement; at; at = at.parentElement) { if (getComputedStyle(at).overflowX !== "visible") return true; } return false; };
  const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > width + 1 && !scrolls(element));
  wrong.push(`${root.scrollWidth} wide on ${width}: ${wide.slice(0, 4).map((element) => `${name(element)} "${element.textContent.trim().slice(0, 20)}"`).join("; ")}`);
}

// Words of the page itself; what people and companies are called is marked translate="no" or is a cell of data.
const own = (element) => [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data).join(" ").trim();
const words = "h2,h3,h4,th,button,label,legend,dt,summary,caption,.badge,nav a,.tabs a,.hint,.actions a";
for (const element of document.querySelectorAll(words)) {
  if (element.closest("[translate=no], .brand, .who, code, .tile")) continue;
  const text = own(element);
  if (lang === "en" && /[\u3400-\u9fff]/.test(text)) wrong.push(`not in English: ${name(element)} "${text.slice(0, 40)}"`);
  if (lang === "zh" && /[A-Za-z]{4,}/.test(text) && text !== "XLSX" && !/[\u3400-\u9fff]/.test(text)) wrong.push(`not in Chinese: ${name(element)} "${text.slice(0, 40)}"`);
  if (/[a-z]_[a-z]/.test(text)) wrong.push(`a word of the tables: ${name(element)} "${text.slice(0, 40)}"`);
}

// What a form needs to be used by hand and by voice.
for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
  if (!field.labels?.length && !field.getAttribute("aria-label") && shown(field)) wrong.push(`a field without label: ${field.name || field.id}`);
}
for (const image of document.querySelectorAll("svg.chart")) {
  if (!image.querySelector("title") && !image.getAttribute("aria-label") && !image.getAttribute("aria-labelledby") && image.getAttribute("aria-hidden") !== "true") wrong.push("a chart without title");
}

const here = (address) => address.origin === location.origin;
const path = (address) => address.pathname + address.search;
const links = [...document.links].filter((link) => !link.getAttribute("href").startsWith("#")).map((link) => new URL(link.href)).filter(here).map(path);
const forms = [...document.forms].map((form) => [form.method.toUpperCase(), new URL(form.action)]).filter(([, address]) => here(address)).map(([method, address]) => [method, address.pathname]);
return { width: innerWidth, wrong: [...new Set(wrong)], links: [...new Set(links)], forms };
