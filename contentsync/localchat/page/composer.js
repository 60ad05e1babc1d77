// Where a person writes: the field, the command menu, files, locations, and the bot's reply keyboard.

import { person, post, upload } from "./api.js";
import { make } from "./bubbles.js";

const byId = (id) => document.getElementById(id);
const DRAFT = `draft-${person}`;

export class Composer {
  #commands = [];
  #selected = -1;

  constructor(notify) {
    this.notify = notify;
    this.input = byId("input");
    this.list = byId("commands");
    byId("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.input.addEventListener("input", () => this.#changed());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    byId("menu-button").addEventListener("click", () => this.#toggleMenu());
    byId("start").addEventListener("click", () => this.send("/start"));
    byId("restart").addEventListener("click", () => this.send("/start"));
    this.#setUpAttachments();
    this.#setUpLocation();
    document.addEventListener("click", (event) => this.#closeOutside(event));
    this.input.value = sessionStorage.getItem(DRAFT) ?? "";
    this.#changed();
  }

  /** Sends a text; what could not be sent comes back into the field. */
  async send(text) {
    this.#closeMenus();
    try {
      await post("messages", { text });
      return true;
    } catch (error) {
      this.notify(error.message);
      return false;
    }
  }

  setCommands(commands) {
    this.#commands = commands;
    byId("menu-button").hidden = commands.length === 0;
  }

  setBlocked(blocked) {
    byId("composer").hidden = blocked;
    byId("restart").hidden = !blocked;
    if (blocked) this.setKeyboard(null);
  }

  /** Shows the bot's reply keyboard below the field; null takes it away. */
  setKeyboard(keyboard) {
    const element = byId("reply-keyboard");
    element.hidden = !keyboard;
    element.replaceChildren();
    this.input.placeholder = keyboard?.input_field_placeholder || "Message";
    for (const row of keyboard?.keyboard ?? []) {
      const line = make("div", "keyboard-row");
      for (const button of row) {
        const key = make("button", "key");
        key.type = "button";
        key.textContent = button.text;
        key.addEventListener("click", () => this.#pressKey(button, keyboard));
        line.append(key);
      }
      element.append(line);
    }
  }

  async sendFile(file) {
    this.notify(`Sending ${file.name}…`);
    try {
      await upload(file);
      this.notify("");
    } catch (error) {
      this.notify(error.message);
    }
  }

  async #pressKey(button, keyboard) {
    if (button.request_location) return this.#openLocation();
    if (button.request_contact) return this.notify("There are no contacts here. Type the answer instead.");
    if ((await this.send(button.text)) && keyboard.one_time_keyboard) this.setKeyboard(null);
    return undefined;
  }

  async #submit() {
    const chosen = this.list.hidden ? undefined : this.list.children[this.#selected];
    const text = chosen ? chosen.dataset.command : this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.#changed();
    if (!(await this.send(text)) && !this.input.value) {
      this.input.value = text;
      this.#changed();
    }
    this.input.focus();
  }

  #changed() {
    const text = this.input.value;
    sessionStorage.setItem(DRAFT, text);
    byId("send").disabled = !text.trim();
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
    if (/^\/\w*$/.test(text)) this.#openMenu(text.slice(1).toLowerCase());
    else this.#closeMenus();
  }

  #key(event) {
    const open = !this.list.hidden;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#submit();
    } else if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      this.#select(this.#selected + (event.key === "ArrowDown" ? 1 : -1));
    } else if (open && event.key === "Tab" && this.#selected >= 0) {
      event.preventDefault();
      this.input.value = `${this.list.children[this.#selected].dataset.command} `;
      this.#changed();
    } else if (event.key === "Escape") {
      this.#closeMenus();
    }
  }

  #toggleMenu() {
    if (this.list.hidden) {
      this.#openMenu("");
      this.input.focus();
    } else this.#closeMenus();
  }

  #openMenu(prefix) {
    const fitting = this.#commands.filter(({ command }) => command.startsWith(prefix));
    this.list.replaceChildren(...fitting.map((command, index) => this.#commandItem(command, index)));
    this.list.hidden = fitting.length === 0;
    this.#expanded(!this.list.hidden);
    this.#select(prefix ? 0 : -1);
  }

  #commandItem({ command, description }, index) {
    const item = make("li");
    item.id = `command-${index}`;
    item.setAttribute("role", "option");
    item.dataset.command = `/${command}`;
    const name = make("b");
    name.textContent = `/${command}`;
    const explanation = make("span");
    explanation.textContent = description;
    item.append(name, explanation);
    item.addEventListener("click", async () => {
      if (this.input.value.startsWith("/")) this.input.value = "";
      this.#changed();
      await this.send(item.dataset.command);
      this.input.focus();
    });
    return item;
  }

  #select(index) {
    const items = [...this.list.children];
    this.#selected = items.length === 0 || index < 0 ? -1 : index % items.length;
    items.forEach((item, position) => item.setAttribute("aria-selected", position === this.#selected));
    const selected = items[this.#selected];
    selected?.scrollIntoView({ block: "nearest" });
    if (selected) this.input.setAttribute("aria-activedescendant", selected.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #closeMenus() {
    this.list.hidden = true;
    byId("attach-menu").hidden = true;
    byId("attach-button").setAttribute("aria-expanded", "false");
    this.#expanded(false);
    this.#select(-1);
  }

  #expanded(open) {
    this.input.setAttribute("aria-expanded", open);
    byId("menu-button").setAttribute("aria-expanded", open);
  }

  #closeOutside(event) {
    if (!event.target.closest(".popup, #menu-button, #attach-button, #input")) this.#closeMenus();
  }

  #setUpAttachments() {
    const menu = byId("attach-menu");
    byId("attach-button").addEventListener("click", () => {
      const open = menu.hidden;
      this.#closeMenus();
      menu.hidden = !open;
      byId("attach-button").setAttribute("aria-expanded", open);
      if (open) byId("attach-file").focus();
    });
    menu.addEventListener("keydown", (event) => this.#attachKey(event, [...menu.children]));
    byId("attach-file").addEventListener("click", () => {
      this.#closeMenus();
      byId("file").click();
    });
    byId("file").addEventListener("change", () => {
      for (const file of byId("file").files) this.sendFile(file);
      byId("file").value = "";
    });
    this.input.addEventListener("paste", (event) => {
      for (const file of event.clipboardData?.files ?? []) this.sendFile(file);
    });
    this.#setUpDrop();
  }

  #attachKey(event, items) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      items.at((items.indexOf(document.activeElement) + step) % items.length).focus();
    } else if (event.key === "Escape") {
      this.#closeMenus();
      byId("attach-button").focus();
    }
  }

  #setUpDrop() {
    const drop = byId("drop");
    addEventListener("dragover", (event) => {
      if (![...event.dataTransfer.types].includes("Files")) return;
      event.preventDefault();
      drop.hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) drop.hidden = true;
    });
    addEventListener("drop", (event) => {
      drop.hidden = true;
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      for (const file of event.dataTransfer.files) this.sendFile(file);
    });
  }

  #setUpLocation() {
    byId("attach-location").addEventListener("click", () => this.#openLocation());
    byId("location-here").addEventListener("click", () => {
      const hint = byId("location-hint");
      hint.textContent = "Asking the browser…";
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          byId("coordinates").value = `${coords.latitude.toFixed(5)}, ${coords.longitude.toFixed(5)}`;
          hint.textContent = "";
        },
        () => (hint.textContent = "The browser does not tell where you are. Type the coordinates instead."),
        { timeout: 10_000 },
      );
    });
    byId("location-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#sendLocation();
    });
  }

  #openLocation() {
    this.#closeMenus();
    byId("location-hint").textContent = "";
    byId("location").showModal();
  }

  async #sendLocation() {
    const numbers = byId("coordinates").value.match(/-?\d+(?:\.\d+)?/g)?.map(Number) ?? [];
    if (numbers.length !== 2) {
      byId("location-hint").textContent = "Two numbers in degrees, like 52.52, 13.405.";
      return;
    }
    try {
      await post("messages", { location: { latitude: numbers[0], longitude: numbers[1] } });
      byId("location").close();
    } catch (error) {
      byId("location-hint").textContent = error.message;
    }
  }
}
