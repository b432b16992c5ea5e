// Keeps marked regions of a page up to date: the service tells that something happened, and the page asks for itself
// again. Without this script a page is as it was when it was loaded, and works all the same.
"use strict";

(() => {
  const WAIT = 250;
  const regions = () => [...document.querySelectorAll("[data-live]")];
  const topics = [...new Set(regions().flatMap((region) => region.dataset.live.split(" ")))];
  const main = document.getElementById("main");
  const status = document.getElementById("live");
  let after = main.dataset.after;
  let source = null;
  let timer = null;
  let asking = false;

  // What somebody has typed is not swapped away; what is open stays open, and what has the focus keeps it.
  function swap(region, fresh) {
    if ([...region.querySelectorAll("input")].some((field) => field.value !== field.defaultValue)) return;
    const held = region.contains(document.activeElement) ? document.activeElement : null;
    const open = [...region.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent);
    region.replaceChildren(...fresh.childNodes);
    for (const summary of region.querySelectorAll("details > summary")) {
      if (open.includes(summary.textContent)) summary.parentElement.open = true;
    }
    const same = (element) => {
      if (held.id || held.href) return element.id === held.id && element.href === held.href;
      return element.textContent === held.textContent;
    };
    if (held) [...region.querySelectorAll(held.tagName)].find(same)?.focus();
  }

  async function renew() {
    timer = null;
    if (document.hidden) return;
    if (asking) return told();
    asking = true;
    try {
      const response = await fetch(location.href);
      if (!response.ok) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      for (const region of regions()) {
        const fresh = page.getElementById(region.id);
        if (fresh && fresh.innerHTML !== region.innerHTML) swap(region, fresh);
      }
    } catch {
      // the stream opens again when the service is back, and then the page is asked for anew
    } finally {
      asking = false;
    }
  }

  function told(event) {
    after = event?.lastEventId || after;
    timer = timer ?? setTimeout(renew, WAIT);
  }

  function listen() {
    const query = new URLSearchParams({ topic: topics.join(",") });
    if (after) query.set("after", after);
    source = new EventSource(`/api/v1/events?${query}`);
    source.addEventListener("open", () => {
      status.textContent = "Live";
    });
    source.addEventListener("error", () => {
      status.textContent = "Not connected: this page catches up by itself";
    });
    for (const topic of [...topics, "reset"]) source.addEventListener(topic, told);
  }

  // The same steps as those of the service.
  function aged(seconds) {
    if (seconds < 120) return `${seconds} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} days`;
  }

  setInterval(() => {
    if (document.hidden) return;
    for (const time of document.querySelectorAll("time.age")) {
      time.textContent = aged(Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000)));
    }
  }, 10_000);

  if (topics.length > 0 && "EventSource" in window) {
    if (!document.hidden) listen();
    document.addEventListener("visibilitychange", () => {
      source?.close();
      source = null;
      if (!document.hidden) listen();
    });
    addEventListener("pagehide", () => source?.close());
  }
})();
