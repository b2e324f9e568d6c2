/** Elements made by hand: text is always text, never HTML. */

/** An element with attributes, listeners (`onclick`) and children; a child that is null or false is left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return made;
}

/** A button that does nothing else while `act` is under way, and tells why it failed. */
export function button(text, act, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", () => busy(made, act));
  return made;
}

/** A form whose `submit` is given its fields by name, once at a time. */
export function form(submit, ...children) {
  const made = element("form", {}, ...children);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(made.querySelector("button:not([type=button])"), () => submit(Object.fromEntries(new FormData(made)), made));
  });
  return made;
}

let fields = 0;

/** A field with its label, and a hint that belongs to it. */
export function field(label, control, hint) {
  control.id = control.id || `field-${(fields += 1)}`;
  if (!hint) return element("div", { class: "field" }, element("label", { for: control.id }, label), control);
  control.setAttribute("aria-describedby", `${control.id}-hint`);
  return element(
    "div",
    { class: "field" },
    element("label", { for: control.id }, label),
    control,
    element("p", { class: "soft", id: `${control.id}-hint` }, hint),
  );
}

export function options(...choices) {
  return choices.map((choice) => {
    const [value, text] = Array.isArray(choice) ? choice : [choice, choice];
    return element("option", { value }, text);
  });
}

/** What happened, for everybody to see and for screen readers to say. */
export function say(text, isError = false) {
  const said = document.getElementById("said");
  said.textContent = text;
  said.classList.toggle("bad", isError);
}

async function busy(control, act) {
  if (control.getAttribute("aria-disabled") === "true") return;
  control.setAttribute("aria-disabled", "true");
  try {
    await act();
  } catch (error) {
    say(error.message, true);
  } finally {
    control.removeAttribute("aria-disabled");
  }
}
