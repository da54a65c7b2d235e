// Passkeys: the browser's part of registering, signing in and confirming. A form with `data-passkey` names the
// ceremony ("create" or "get") and, in `data-options`, where it begins; what goes wrong is said beside its button.

const RENEW_MS = 4 * 60_000; // a challenge is answered within five minutes
const KNOWN_ERRORS = { NotAllowedError: "cancelled", InvalidStateError: "known" };
let waiting; // the request behind autofill: a button, or a new challenge, puts an end to it

class Refusal extends Error {}

async function post(url, form, credential) {
  const body = new FormData(form);
  if (credential) body.set("credential", JSON.stringify(credential));
  const answer = await fetch(url, { method: "POST", body });
  if (answer.redirected) {
    location.assign(answer.url); // to the sign-in, or to the page that asks who is there
    return new Promise(() => {});
  }
  const said = await answer.json();
  if (!answer.ok) throw new Refusal(said.error);
  return said;
}

async function ceremony(form, more = {}) {
  const options = await post(form.dataset.options, form);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more });
  const { location: next } = await post(form.action, form, credential.toJSON());
  location.assign(next);
}

function say(form, error) {
  const region = form.querySelector("[data-said]");
  if (error.name === "AbortError") return;
  region.textContent = error instanceof Refusal ? error.message : region.dataset[KNOWN_ERRORS[error.name] ?? "failed"];
}

async function begin(form) {
  const button = form.querySelector("button");
  waiting?.abort();
  form.querySelector("[data-said]").textContent = "";
  button.disabled = true;
  try {
    await ceremony(form);
  } catch (error) {
    say(form, error);
  } finally {
    button.disabled = false;
  }
}

// The browser offers passkeys among what it would fill in, and waits; nothing happens unless one is chosen.
async function autofill(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting?.abort();
  waiting = new AbortController();
  try {
    await ceremony(form, { mediation: "conditional", signal: waiting.signal });
  } catch (error) {
    if (error instanceof Refusal) say(form, error);
  }
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      begin(form);
    });
    if ("autofill" in form.dataset) {
      autofill(form);
      setInterval(() => autofill(form), RENEW_MS);
    }
  }
} else {
  for (const note of document.querySelectorAll("[data-no-passkeys]")) note.hidden = false;
}
