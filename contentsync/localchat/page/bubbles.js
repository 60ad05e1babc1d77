// Draws one message: its bubble, what is in it, and the buttons below it.

import { fileUrl } from "./api.js";
import { formatted } from "./text.js";

const timeFormat = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const fullFormat = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "short" });
const PREVIEW_LENGTH = 120;

/** The element of a message. `onTap(button, element)` is called for buttons that the bot hears of. */
export function drawMessage(message, onTap) {
  const mine = !message.from.is_bot;
  const element = document.createElement("article");
  element.className = `message ${mine ? "mine" : "theirs"}`;
  element.dataset.id = message.message_id;
  const bubble = make("div", "bubble");
  bubble.append(hidden(`${mine ? "You" : message.from.first_name}: `));
  if (message.reply_to_message) bubble.append(quote(message.reply_to_message));
  if (message.photo) bubble.append(picture(message));
  if (message.document) bubble.append(documentLink(message.document));
  if (message.location) bubble.append(place(message.location));
  const text = message.text ?? message.caption;
  if (text) {
    const body = make("div", "text");
    body.dir = "auto";
    body.append(formatted(text, message.entities ?? message.caption_entities));
    if (isOnlyEmoji(text)) body.classList.add("emoji");
    bubble.append(body);
  }
  bubble.append(meta(message));
  element.append(bubble);
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length > 0) element.append(keyboard(rows, onTap));
  return element;
}

function meta(message) {
  const element = make("span", "meta");
  const at = new Date(message.date * 1000);
  if (message.edit_date && !message.reply_markup) element.append("edited ");
  const time = make("time");
  time.dateTime = at.toISOString();
  time.title = fullFormat.format(at);
  time.textContent = timeFormat.format(at);
  element.append(time);
  return element;
}

function quote(message) {
  const element = make("div", "quote");
  const name = make("b");
  name.textContent = message.from.is_bot ? message.from.first_name : "You";
  const preview = make("span");
  preview.textContent = (message.text ?? message.caption ?? message.document?.file_name ?? "Photo").slice(0, PREVIEW_LENGTH);
  element.append(name, preview);
  return element;
}

function picture(message) {
  const size = message.photo.at(-1);
  const anchor = make("a", "picture");
  anchor.href = fileUrl(size.file_id);
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  const image = make("img");
  image.src = anchor.href;
  image.width = size.width;
  image.height = size.height;
  image.alt = message.caption ? "Photo" : "Photo without a caption";
  image.loading = "lazy";
  anchor.append(image);
  return anchor;
}

function documentLink(file) {
  const element = clone("document-template");
  element.href = fileUrl(file.file_id);
  element.download = file.file_name ?? "";
  element.querySelector("b").textContent = file.file_name ?? "File";
  element.querySelector("small").textContent = fileSize(file.file_size ?? 0);
  return element;
}

function place({ latitude, longitude }) {
  const element = clone("location-template");
  element.href = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=12/${latitude}/${longitude}`;
  element.querySelector("small").textContent = `${latitude.toFixed(4)}, ${longitude.toFixed(4)}`;
  return element;
}

function keyboard(rows, onTap) {
  const element = make("div", "keyboard");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Buttons");
  rows.forEach((row, rowIndex) => {
    const line = make("div", "keyboard-row");
    row.forEach((button, columnIndex) => {
      const key = button.url ? urlKey(button.url) : make("button");
      key.classList.add("key");
      key.dataset.place = `${rowIndex}.${columnIndex}`;
      if (button.style) key.classList.add(button.style);
      const label = make("span");
      label.textContent = button.text;
      key.append(label);
      if (!button.url) {
        key.type = "button";
        key.addEventListener("click", () => onTap(button, key));
      }
      line.append(key);
    });
    element.append(line);
  });
  return element;
}

function urlKey(url) {
  const key = make("a", "opens");
  if (/^(https?|tg|ton):/i.test(url)) key.href = url;
  key.target = "_blank";
  key.rel = "noopener noreferrer";
  key.title = url;
  return key;
}

export function fileSize(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function isOnlyEmoji(text) {
  return /^(\p{Extended_Pictographic}\uFE0F?(\u200D\p{Extended_Pictographic}\uFE0F?)*){1,3}$/u.test(text);
}

function hidden(text) {
  const element = make("span", "hidden");
  element.textContent = text;
  return element;
}

function clone(templateId) {
  return document.getElementById(templateId).content.firstElementChild.cloneNode(true);
}

export function make(tag, className = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  return element;
}
