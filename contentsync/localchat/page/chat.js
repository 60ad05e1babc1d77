// The page: loads the chat, follows what happens in it, and passes on what a person does.

import { get, listen, post } from "./api.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";
import { setUpPeople, showPeople } from "./people.js";

const PAGE_SIZE = 100;
const TYPING_MILLISECONDS = 5000;
const SPINNER_MILLISECONDS = 15_000;
const TOAST_MILLISECONDS = 4000;

const byId = (id) => document.getElementById(id);
const log = new Log(tap, showEmptiness);
const composer = new Composer(toast);
const spinning = new Map();
let loaded = false;
let waiting = [];
let typingTimer;
let toastTimer;

setUpPeople(toast);
byId("earlier").addEventListener("click", loadEarlier);
byId("log").addEventListener("click", (event) => {
  const command = event.target.closest?.("[data-command]")?.dataset.command;
  if (command) composer.send(command);
});
document.addEventListener("visibilitychange", () => log.seen());
listen({
  ready: load,
  message: (message) => whenLoaded(() => showNew(message)),
  keyboard: (keyboard) => whenLoaded(() => composer.setKeyboard(keyboard)),
  changed: loadState,
  answer: showAnswer,
  typing: showTyping,
  lost: () => setStatus("connecting…"),
});
if (matchMedia("(pointer: fine)").matches) byId("input").focus();

/** Everything anew; what happens meanwhile is shown after it. */
async function load() {
  loaded = false;
  try {
    await loadState();
    const range = log.size > 0 ? { after: log.oldest - 1 } : { limit: PAGE_SIZE };
    const messages = await get("messages", range);
    log.show(messages);
    if (range.limit) {
      byId("earlier").hidden = messages.length < PAGE_SIZE;
      log.toEnd();
    }
  } catch (error) {
    toast(error.message);
    return;
  }
  loaded = true;
  byId("log").setAttribute("aria-busy", "false");
  setStatus("bot");
  for (const show of waiting.splice(0)) show();
}

async function loadState() {
  const state = await get("state");
  const name = state.bot.first_name;
  for (const element of document.querySelectorAll("[data-bot-name]")) element.textContent = name;
  for (const element of document.querySelectorAll("[data-bot-initial]")) element.textContent = name[0].toUpperCase();
  composer.setCommands(state.commands);
  composer.setKeyboard(state.keyboard);
  composer.setBlocked(state.person.blocked);
  showPeople(state.person, state.people);
  log.seen();
}

async function loadEarlier() {
  const messages = await get("messages", { before: log.oldest, limit: PAGE_SIZE });
  byId("earlier").hidden = messages.length < PAGE_SIZE;
  log.show(messages);
}

function whenLoaded(show) {
  if (loaded) show();
  else waiting.push(show);
}

function showNew(message) {
  if (message.from.is_bot) hideTyping();
  log.show([message], { isNew: true });
}

function showEmptiness() {
  const empty = log.size === 0;
  byId("empty").hidden = !empty;
  byId("log").hidden = empty;
}

async function tap(message, button, key) {
  if (button.copy_text) {
    await navigator.clipboard.writeText(button.copy_text.text);
    return toast("Copied");
  }
  if (button.callback_data === undefined) return toast("This kind of button works in Telegram only.");
  spin(message.message_id, key);
  try {
    await post("callbacks", { message_id: message.message_id, data: button.callback_data });
  } catch (error) {
    stopSpinning(message.message_id);
    toast(error.message);
  }
  return undefined;
}

function spin(messageId, key) {
  stopSpinning(messageId);
  key.setAttribute("aria-busy", "true");
  spinning.set(messageId, { key, timer: setTimeout(() => stopSpinning(messageId), SPINNER_MILLISECONDS) });
}

function stopSpinning(messageId) {
  const spinner = spinning.get(messageId);
  if (!spinner) return;
  clearTimeout(spinner.timer);
  spinner.key.removeAttribute("aria-busy");
  spinning.delete(messageId);
}

function showAnswer(answer) {
  stopSpinning(answer.message_id);
  if (answer.text && answer.show_alert) {
    byId("alert-text").textContent = answer.text;
    byId("alert").showModal();
  } else if (answer.text) {
    toast(answer.text);
  }
}

function showTyping({ action }) {
  setStatus(action === "typing" ? "typing…" : `${action.replaceAll("_", " ").replace(/^upload/, "sending")}…`);
  const atEnd = log.isAtEnd();
  byId("typing").hidden = false;
  if (atEnd) log.toEnd();
  clearTimeout(typingTimer);
  typingTimer = setTimeout(hideTyping, TYPING_MILLISECONDS);
}

function hideTyping() {
  clearTimeout(typingTimer);
  byId("typing").hidden = true;
  if (loaded) setStatus("bot");
}

function setStatus(text) {
  byId("status").textContent = text;
  byId("status").classList.toggle("active", text !== "bot");
}

/** A short note above the field; an empty one takes the last one away. */
function toast(text) {
  const element = byId("toast");
  element.textContent = text;
  element.classList.toggle("shown", Boolean(text));
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => element.classList.remove("shown"), TOAST_MILLISECONDS);
}
