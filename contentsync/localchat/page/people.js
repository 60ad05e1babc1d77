// Who is chatting: switch to another person, rename, choose a language, block the bot.

import { person, post } from "./api.js";
import { make } from "./bubbles.js";

const byId = (id) => document.getElementById(id);

export function setUpPeople(notify) {
  byId("person-button").addEventListener("click", () => byId("people").showModal());
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  byId("people-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await post("people", {
        id: person,
        first_name: byId("person-first-name").value,
        language_code: byId("person-language").value,
        blocked: byId("person-blocked").checked,
      });
      byId("people").close();
    } catch (error) {
      notify(error.message);
    }
  });
}

export function showPeople(current, people) {
  byId("person-name").textContent = current.first_name;
  byId("person-first-name").value = current.first_name;
  byId("person-language").value = current.language_code;
  byId("person-blocked").checked = current.blocked;
  const known = people.some(({ id }) => id === current.id) ? people : [...people, current];
  const nextId = Math.max(...known.map(({ id }) => id)) + 1;
  byId("people-list").replaceChildren(
    ...known.map((someone) => personLink(someone.id, someone.first_name, someone.id === current.id)),
    personLink(nextId, "+ Another person", false),
  );
}

function personLink(id, name, isCurrent) {
  const element = make("a");
  element.href = `?person=${id}`;
  element.textContent = name;
  if (isCurrent) element.setAttribute("aria-current", "true");
  return element;
}
