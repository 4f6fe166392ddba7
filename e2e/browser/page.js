// What the tests ask of a page. The value of this expression is an object of
// functions; every call evaluates it anew, so nothing stays in the page but
// the element found last.
(() => {
  const tidy = (s) => (s ?? "").replace(/\s+/g, " ").trim();

  const visible = (el) => {
    if (!el.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true })) return false;
    const r = el.getBoundingClientRect();
    return r.width > 0 && r.height > 0;
  };

  // What a person reads or hears as the thing's name.
  const nameOf = (el) =>
    tidy(el.getAttribute("aria-label")) ||
    (el.matches("input[type=submit],input[type=button],input[type=reset]") ? tidy(el.value) : "") ||
    (el.labels && el.labels.length ? tidy(el.labels[0].innerText) : "") ||
    tidy(el.innerText) ||
    tidy(el.querySelector("img[alt]")?.alt) ||
    tidy(el.querySelector("svg title")?.textContent) ||
    tidy(el.title);

  const describe = (el) => {
    const name = nameOf(el);
    return `<${el.tagName.toLowerCase()}${el.id ? "#" + el.id : ""}${el.classList.length ? "." + [...el.classList].join(".") : ""}>` +
      (name ? ` “${name.slice(0, 40)}”` : "");
  };

  const bySelector = (root, selector) => {
    try {
      return [...root.querySelectorAll(selector)];
    } catch {
      return []; // the text is no selector
    }
  };

  const pressable = "a[href],area[href],button,summary,input[type=submit],input[type=button],input[type=reset],input[type=image]," +
    "[role=button],[role=link],[role=tab],[role=menuitem],[role=switch],[role=checkbox],[role=radio],[role=option]";
  const fields = "input:not([type=hidden]):not([type=submit]):not([type=button]):not([type=reset]):not([type=image]),textarea,select,[contenteditable=true]";

  const innermost = (list) => list.filter((el) => !list.some((other) => other !== el && el.contains(other)));

  // Candidates for a text, best kind first; each kind is tried before the next.
  const ways = {
    click: (root, text) => {
      const things = [...root.querySelectorAll(pressable)].filter(visible);
      const labels = [...root.querySelectorAll("label")].filter(visible);
      return [
        things.filter((el) => nameOf(el) === text),
        labels.filter((el) => tidy(el.innerText) === text),
        bySelector(root, text).filter((el) => visible(el) || el.matches("input")),
        things.filter((el) => nameOf(el).includes(text)),
        labels.filter((el) => tidy(el.innerText).includes(text)),
      ];
    },
    fill: (root, text) => {
      const all = [...root.querySelectorAll(fields)];
      const named = (el) => [el.getAttribute("aria-label"), ...[...(el.labels ?? [])].map((l) => l.innerText)].map(tidy);
      return [
        all.filter((el) => named(el).includes(text)),
        all.filter((el) => el.name === text),
        bySelector(root, text),
        all.filter((el) => named(el).some((n) => n.includes(text))),
      ];
    },
  };

  // One element for a target, or a fault.
  const locate = (kind, target) => {
    const parts = target.split(" >> ");
    let root = document;
    for (const part of parts.slice(0, -1)) {
      root = bySelector(root, part).find(visible);
      if (!root) return { fault: `nothing visible matches ${part}` };
    }
    for (const list of ways[kind](root, parts.at(-1))) {
      const hits = innermost(list);
      if (hits.length === 0) continue;
      const same = hits.every((el) => el.tagName === "A" && el.href === hits[0].href);
      if (hits.length > 1 && !same) {
        return { fault: `${hits.length} things match: ${hits.slice(0, 5).map(describe).join(", ")}` };
      }
      return { el: hits[0] };
    }
    return { fault: "nothing matches" };
  };

  const keep = (el) => { globalThis.__linliFound = el; };

  // Whether a plain browser leaves the page for this element.
  const leads = (el) => {
    const link = el.closest("a[href]");
    if (link) return link.protocol.startsWith("http") && !(link.hash && link.href.split("#")[0] === location.href.split("#")[0]);
    const button = el.closest("button,input[type=submit],input[type=image]");
    if (!button || !button.form || !["submit", "image"].includes(button.type)) return false;
    return button.form.noValidate || button.formNoValidate || button.form.checkValidity();
  };

  // Notes what becomes of the next click or key: whether the browser itself
  // follows a link or sends a form with it, or a script has stopped that.
  const watch = () => {
    if (!globalThis.__linliGoes) {
      const here = (el, mode) => ["", "_self"].includes(el?.getAttribute(mode) ?? "");
      addEventListener("click", (e) => {
        const link = e.target.closest?.("a[href]");
        if (link && !e.defaultPrevented && leads(link) && here(link, "target") && !link.hasAttribute("download")) globalThis.__linliGoes.on = true;
      });
      addEventListener("submit", (e) => {
        const method = e.submitter?.getAttribute("formmethod") ?? e.target.getAttribute("method");
        if (!e.defaultPrevented && method !== "dialog" && here(e.target, "target") && here(e.submitter, "formtarget")) globalThis.__linliGoes.on = true;
      });
    }
    globalThis.__linliGoes = { on: false };
    return true;
  };
  const goes = () => !!globalThis.__linliGoes?.on;

  const click = (target) => {
    const { el, fault } = locate("click", target);
    if (fault) return { fault };
    // A checkbox drawn by its label is pressed there.
    const shown = visible(el) ? el : [...(el.labels ?? [])].find(visible);
    if (!shown) return { fault: `${describe(el)} is not visible` };
    if (el.disabled) return { fault: `${describe(el)} is disabled` };
    shown.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    const r = shown.getClientRects()[0];
    const x = r.left + r.width / 2, y = r.top + r.height / 2;
    const top = document.elementFromPoint(x, y);
    const mine = (hit) => hit && (shown.contains(hit) || hit.contains(shown) && !hit.matches("body,html") && hit.closest("label,a,button") === hit ||
      [...(el.labels ?? [])].some((l) => l.contains(hit)));
    if (!mine(top)) return { fault: `${describe(shown)} is covered by ${top ? describe(top) : "nothing, it is outside the window"}` };
    watch();
    return { x, y, navigates: leads(el) };
  };

  const changed = (el) => {
    el.dispatchEvent(new Event("input", { bubbles: true }));
    el.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const fill = (target, value) => {
    const { el, fault } = locate("fill", target);
    if (fault) return { fault };
    if (!visible(el)) return { fault: `${describe(el)} is not visible` };
    if (el.disabled || el.readOnly) return { fault: `${describe(el)} cannot be changed` };
    el.scrollIntoView({ block: "center", behavior: "instant" });
    if (el.tagName === "SELECT") {
      const option = [...el.options].find((o) => tidy(o.text) === value || o.value === value);
      if (!option) return { fault: `${describe(el)} offers no ${value}` };
      option.selected = true;
      changed(el);
      return { kind: "choice" };
    }
    if (["checkbox", "radio", "file"].includes(el.type)) return { fault: `a ${el.type} field is not filled but clicked or uploaded to` };
    if (["date", "time", "datetime-local", "month", "week", "color", "range"].includes(el.type)) {
      el.value = value;
      if (el.value !== value) return { fault: `${describe(el)} does not take ${value}` };
      changed(el);
      return { kind: "value" };
    }
    el.focus();
    if (el.select) el.select();
    else getSelection().selectAllChildren(el);
    return { kind: "text" };
  };

  const upload = (target) => {
    const { el, fault } = locate("fill", target);
    if (fault) return { fault };
    if (el.type !== "file") return { fault: `${describe(el)} takes no files` };
    keep(el);
    return { kind: "file" };
  };

  const text = (selector) => {
    const el = bySelector(document, selector)[0];
    return el ? el.innerText : null;
  };

  const has = (target) =>
    tidy(document.body?.innerText).includes(tidy(target)) || bySelector(document, target).some(visible);

  const focused = () => {
    const el = document.activeElement;
    return !el || el === document.body ? "" : nameOf(el) || describe(el);
  };

  const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));

  // Content that a window this wide hides or makes one scroll sideways for.
  // What lies in a box that scrolls by itself (a wide table) is excepted.
  const overflow = () => {
    const width = document.documentElement.clientWidth;
    const faults = [];
    if (document.scrollingElement.scrollWidth > width) faults.push(`the page is ${document.scrollingElement.scrollWidth} px wide in a window of ${width}`);
    const scrolls = (el) => {
      for (let b = el.parentElement; b && b !== document.body; b = b.parentElement) {
        if (["auto", "scroll"].includes(getComputedStyle(b).overflowX)) return true;
      }
      return false;
    };
    const out = (el) => { const r = el.getBoundingClientRect(); return r.right > width + 1 && r.left < width + 4 * width; };
    for (const el of document.body.querySelectorAll("*")) {
      if (!visible(el) || !out(el) || scrolls(el) || clipped(el)) continue;
      if ([...el.children].some((c) => visible(c) && out(c))) continue; // name the innermost
      faults.push(`${describe(el)} ends at ${Math.round(el.getBoundingClientRect().right)} px`);
    }
    return faults;
  };

  // Made for screen readers only, or waiting off the screen for the focus.
  const clipped = (el) => {
    for (let b = el; b && b !== document.body; b = b.parentElement) {
      const s = getComputedStyle(b), r = b.getBoundingClientRect();
      if (s.clipPath !== "none" && /inset\((50%|100%)/.test(s.clipPath)) return true;
      if (r.width <= 1 && r.height <= 1 && s.overflow !== "visible") return true;
      if (s.position !== "static" && (r.right + scrollX <= 0 || r.bottom + scrollY <= 0)) return true;
    }
    return false;
  };

  // A link within a sentence: its block says more than its links do.
  const inSentence = (el) => {
    if (!el.matches("a[href]") || !getComputedStyle(el).display.startsWith("inline")) return false;
    let block = el.parentElement;
    while (block && getComputedStyle(block).display.startsWith("inline") && block.parentElement) block = block.parentElement;
    const copy = tidy(block.innerText).length;
    let controls = 0;
    for (const c of innermost([...block.querySelectorAll(pressable + "," + fields)].filter(visible))) controls += tidy(c.innerText).length;
    const rest = tidy(textOutside(block));
    return copy > controls && /[\p{L}\p{N}]{2,}/u.test(rest);
  };
  const textOutside = (block) => {
    let out = "";
    const walk = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const parent = walk.currentNode.parentElement;
      if (!parent.closest(pressable + "," + fields) && parent.checkVisibility()) out += " " + walk.currentNode.data;
    }
    return out;
  };

  // Targets smaller than min × min CSS pixels, measured where a finger would
  // hit them: labels of boxes and enlarging pseudo-elements count.
  const targets = (min) => {
    const small = [];
    const was = [scrollX, scrollY];
    for (const el of document.querySelectorAll(pressable + "," + fields + ",[tabindex]:not([tabindex='-1'])")) {
      const box = el.matches("input[type=checkbox],input[type=radio],input[type=file]");
      const parts = [el, ...(box ? el.labels ?? [] : [])].filter((e) => visible(e) && !clipped(e));
      if (parts.length === 0 || el.disabled || el.getAttribute("aria-disabled") === "true" || inSentence(el)) continue;
      parts[0].scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
      const rects = parts.map((e) => e.getBoundingClientRect());
      const left = Math.min(...rects.map((r) => r.left)), right = Math.max(...rects.map((r) => r.right));
      const top = Math.min(...rects.map((r) => r.top)), bottom = Math.max(...rects.map((r) => r.bottom));
      const x = (left + right) / 2, y = (top + bottom) / 2, half = min / 2 - 1;
      const hit = (px, py) => { const at = document.elementFromPoint(px, py); return at && parts.some((e) => e.contains(at)); };
      let width = right - left, height = bottom - top;
      if (width < min && hit(x - half, y) && hit(x + half, y)) width = min;
      if (height < min && hit(x, y - half) && hit(x, y + half)) height = min;
      if (width < min - 0.5 || height < min - 0.5) small.push({ what: describe(el), width: Math.round(width * 10) / 10, height: Math.round(height * 10) / 10 });
    }
    scrollTo({ left: was[0], top: was[1], behavior: "instant" });
    return small;
  };

  // Visible text set smaller than min CSS pixels.
  const smallText = (min) => {
    const faults = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const el = walk.currentNode.parentElement;
      if (!tidy(walk.currentNode.data) || el.matches("script,style,noscript,title,option") || !visible(el) || clipped(el)) continue;
      const size = parseFloat(getComputedStyle(el).fontSize);
      if (size < min - 0.01) faults.push(`${describe(el)} is ${size} px`);
    }
    return faults;
  };

  const axeRun = async (only) => {
    const options = { resultTypes: ["violations", "incomplete"], rules: { "target-size": { enabled: true } } };
    if (only.length) options.runOnly = { type: "rule", values: only };
    const result = await axe.run(document, options);
    const plain = (incomplete) => (v) => ({
      rule: v.id, impact: v.impact ?? "", help: v.help, incomplete,
      nodes: v.nodes.map((n) => `${n.target.join(" ")}: ${tidy(n.failureSummary ?? n.any[0]?.message)}`),
    });
    // Of what axe could not decide, text on pictures, gradients and drawn
    // boxes is worth a look; a text of one character or a scrolled table is not.
    const drawn = ["bgImage", "bgGradient", "imgNode", "pseudoContent"];
    const open = result.incomplete.filter((v) => v.id === "color-contrast")
      .map((v) => ({ ...v, nodes: v.nodes.filter((n) => drawn.includes(n.any[0]?.data?.messageKey)) }))
      .filter((v) => v.nodes.length > 0);
    return [...result.violations.map(plain(false)), ...open.map(plain(true))];
  };

  return { watch, goes, click, fill, upload, found: () => globalThis.__linliFound, text, has, focused, twoFrames, overflow, targets, smallText, axeRun };
})()
