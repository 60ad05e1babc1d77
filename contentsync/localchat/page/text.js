// Turns a text and its entities into nodes. Text only ever becomes text nodes, never markup.

const TAGS = { bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const SAFE_LINK = /^(https?|mailto|tg|ton):/i;

/** Nodes for `text`; entity offsets count UTF-16 units, as JavaScript strings do. */
export function formatted(text, entities = []) {
  const fragment = document.createDocumentFragment();
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  fill(fragment, text, 0, text.length, sorted);
  return fragment;
}

function fill(parent, text, start, end, entities) {
  const rest = [...entities];
  let position = start;
  while (rest.length > 0) {
    const entity = rest.shift();
    const from = Math.max(entity.offset, position);
    const to = Math.min(entity.offset + entity.length, end);
    if (to <= from) continue;
    parent.append(text.slice(position, from));
    const inside = [];
    while (rest.length > 0 && rest[0].offset < to) inside.push(rest.shift());
    // What reaches beyond this entity goes on after it.
    rest.unshift(
      ...inside
        .filter((other) => other.offset + other.length > to)
        .map((other) => ({ ...other, offset: to, length: other.offset + other.length - to })),
    );
    const element = elementFor(entity, text.slice(from, to));
    fill(element.firstElementChild ?? element, text, from, to, inside);
    parent.append(element);
    // A block ends its line by itself.
    position = BLOCKS.has(entity.type) && text[to] === "\n" ? to + 1 : to;
  }
  parent.append(text.slice(position, end));
}

function elementFor(entity, content) {
  switch (entity.type) {
    case "text_link":
      return link(entity.url);
    case "url":
      return link(/^[a-z][a-z0-9+.-]*:\/\//i.test(content) ? content : `http://${content}`);
    case "email":
      return link(`mailto:${content}`);
    case "bot_command":
      return commandButton(content);
    case "spoiler":
      return spoiler();
    case "pre":
      return preformatted(entity.language);
    case "blockquote":
      return document.createElement("blockquote");
    case "expandable_blockquote":
      return expandable();
    default:
      return document.createElement(TAGS[entity.type] ?? "span");
  }
}

export function link(url) {
  if (!SAFE_LINK.test(url)) return document.createElement("span");
  const element = document.createElement("a");
  element.href = url;
  element.target = "_blank";
  element.rel = "noopener noreferrer";
  element.title = url;
  return element;
}

function commandButton(command) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "command-link";
  element.dataset.command = command;
  return element;
}

function spoiler() {
  const element = document.createElement("span");
  element.className = "spoiler";
  element.tabIndex = 0;
  element.setAttribute("role", "button");
  element.setAttribute("aria-label", "Hidden text, press to show");
  const reveal = (event) => {
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    element.classList.add("shown");
    element.removeAttribute("role");
    element.removeAttribute("aria-label");
  };
  element.addEventListener("click", reveal, { once: true });
  element.addEventListener("keydown", reveal);
  return element;
}

function preformatted(language) {
  const element = document.createElement("pre");
  if (language) element.dataset.language = language;
  element.append(document.createElement("code"));
  return element;
}

function expandable() {
  const element = document.createElement("blockquote");
  element.className = "expandable";
  element.tabIndex = 0;
  const toggle = (event) => {
    if (event.type === "click" ? !event.target.closest("a, button") : event.key === "Enter") {
      element.classList.toggle("open");
    }
  };
  element.addEventListener("click", toggle);
  element.addEventListener("keydown", toggle);
  return element;
}
