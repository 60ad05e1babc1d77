// The list of messages: order, days, groups, what is new, and where it is scrolled to.

import { drawMessage, make } from "./bubbles.js";

const NEAR_PIXELS = 120;
const GROUP_SECONDS = 300;
const dayFormat = new Intl.DateTimeFormat([], { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export class Log {
  #messages = new Map();
  #unread = 0;

  constructor(onTap, onChange) {
    this.onTap = onTap;
    this.onChange = onChange;
    this.element = document.getElementById("log");
    this.scroller = document.getElementById("scroller");
    this.jump = document.getElementById("jump");
    this.jump.addEventListener("click", () => this.toEnd(true));
    this.scroller.addEventListener("scroll", () => this.#showJump(), { passive: true });
    // Pictures that arrive late, and the keyboard of a phone, must not push the end out of sight.
    let atEnd = true;
    this.scroller.addEventListener("scroll", () => (atEnd = this.isAtEnd()), { passive: true });
    const observer = new ResizeObserver(() => atEnd && this.toEnd());
    observer.observe(this.element);
    observer.observe(this.scroller);
  }

  get size() {
    return this.#messages.size;
  }

  get oldest() {
    return Math.min(...this.#messages.keys());
  }

  isAtEnd() {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < NEAR_PIXELS;
  }

  toEnd(smooth = false) {
    this.scroller.scrollTo({ top: this.scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
  }

  /** Shows messages as they are now: new ones, changed ones, and deleted ones, which go. */
  show(messages, { isNew = false } = {}) {
    const atEnd = this.isAtEnd();
    const height = this.scroller.scrollHeight;
    const prepends = this.size > 0 && messages.length > 0 && messages[0].message_id < this.oldest;
    for (const message of messages) this.#put(message, isNew);
    this.#arrange();
    const mine = isNew && messages.some((message) => !message.from.is_bot);
    if (prepends) this.scroller.scrollTop += this.scroller.scrollHeight - height;
    else if (atEnd || mine) this.toEnd(isNew);
    this.#showJump();
    this.onChange();
  }

  #put(message, isNew) {
    const id = message.message_id;
    const known = this.#messages.get(id);
    if (message.deleted) {
      known?.element.remove();
      this.#messages.delete(id);
      return;
    }
    if (known && JSON.stringify(known.message) === JSON.stringify(message)) return;
    const element = drawMessage(message, (button, key) => this.onTap(message, button, key));
    this.#messages.set(id, { message, element });
    if (known) {
      const place = known.element.contains(document.activeElement) ? document.activeElement.dataset.place : undefined;
      known.element.replaceWith(element);
      if (place) element.querySelector(`[data-place="${place}"]`)?.focus();
      return;
    }
    if (isNew) {
      element.classList.add("arriving");
      if (message.from.is_bot && (!this.isAtEnd() || document.hidden)) this.#unread += 1;
    }
    const next = [...this.element.children].find((other) => Number(other.dataset.id) > id);
    this.element.insertBefore(element, next ?? null);
  }

  /** Day separators, and which messages belong together. */
  #arrange() {
    for (const separator of this.element.querySelectorAll(".day")) separator.remove();
    let before;
    for (const element of this.element.querySelectorAll(".message")) {
      const { message } = this.#messages.get(Number(element.dataset.id));
      const newDay = !before || dayOf(before) !== dayOf(message);
      if (newDay) element.before(daySeparator(message));
      const joins = !newDay && before.from.id === message.from.id && message.date - before.date < GROUP_SECONDS;
      element.classList.toggle("joins", joins);
      before = message;
    }
  }

  #showJump() {
    const atEnd = this.isAtEnd();
    if (atEnd && !document.hidden) this.#unread = 0;
    this.jump.hidden = atEnd;
    const badge = document.getElementById("unread");
    badge.textContent = this.#unread;
    badge.hidden = this.#unread === 0;
    const name = document.querySelector("[data-bot-name]").textContent || "Chat";
    document.title = this.#unread > 0 ? `(${this.#unread}) ${name}` : name;
  }

  seen() {
    this.#showJump();
  }
}

function dayOf(message) {
  return new Date(message.date * 1000).toDateString();
}

function daySeparator(message) {
  const element = make("div", "day");
  const label = make("span");
  const today = new Date();
  const yesterday = new Date();
  yesterday.setDate(today.getDate() - 1);
  const day = dayOf(message);
  if (day === today.toDateString()) label.textContent = "Today";
  else if (day === yesterday.toDateString()) label.textContent = "Yesterday";
  else label.textContent = dayFormat.format(new Date(message.date * 1000));
  element.append(label);
  return element;
}
