"use strict";
(function () {
const $ = (id) => document.getElementById(id);
const all = (selector, within) => Array.from((within || document).querySelectorAll(selector));
const root = document.documentElement;
root.classList.add("scripted");

/* Theme: the system's, until somebody presses the button. */
$("theme").addEventListener("click", () => {
const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
root.dataset.theme = now === "dark" ? "light" : "dark";
});

/* Machines beyond the inlined ones: unpacked, chunk by chunk, when one is opened. */
const packed = $("packed") ? JSON.parse($("packed").textContent) : null;
const chunks = new Map();
function chunk(index) {
if (!chunks.has(index)) {
const octets = Uint8Array.from(atob(packed.chunks[index]), (c) => c.charCodeAt(0));
const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
chunks.set(index, new Response(stream).json());
}
return chunks.get(index);
}
async function fill(machine) {
if (!packed || machine.querySelector(".in")) return;
const place = Number(machine.id.slice(1)) - packed.first;
const fragments = await chunk(Math.floor(place / packed.size));
if (machine.querySelector(".in")) return;
const parsed = new DOMParser().parseFromString(fragments[place % packed.size], "text/html");
machine.append(document.adoptNode(parsed.body.firstElementChild));
}
const rows = all("#rows > .m");
const facts = rows.map((row) => ({
row, role: row.dataset.r,
text: (row.firstElementChild.textContent + " " + (row.dataset.q || "")).toLowerCase(),
cells: null,
}));
document.addEventListener("toggle", (event) => {
if (event.target.open && event.target.classList.contains("m")) fill(event.target);
}, true);

/* Links into the page open what they lead to. */
async function reveal() {
const target = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
if (!target || target.tagName !== "DETAILS") return;
if (target.hidden) { target.hidden = false; }
target.open = true;
if (target.classList.contains("m")) await fill(target);
target.scrollIntoView();
}
addEventListener("hashchange", reveal);
document.addEventListener("click", (event) => {
const link = event.target.closest("a[href^='#']");
if (link && link.getAttribute("href") === location.hash) reveal();
});

/* Search, role filter and sorting of machines. */
let group = null;
function filter() {
const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean);
const role = $("role").value;
let shown = 0;
for (const fact of facts) {
const fits = (!role || fact.role === role) && (!group || group.has(fact.row.id)) && words.every((word) => fact.text.includes(word));
fact.row.hidden = !fits;
shown += fits;
}
$("shown").textContent = shown === facts.length ? "" : shown + " of " + facts.length;
$("ungroup").hidden = !group && !words.length && !role;
}
$("find").addEventListener("input", filter);
$("role").addEventListener("change", filter);
$("ungroup").addEventListener("click", () => { group = null; $("find").value = ""; $("role").value = ""; filter(); });
const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
for (const button of all(".heads button")) button.addEventListener("click", () => {
const column = Number(button.dataset.c) - 1;
const way = button.dataset.d ? -Number(button.dataset.d) : column === 7 ? -1 : 1;
for (const other of all(".heads button")) { delete other.dataset.d; other.removeAttribute("aria-pressed"); }
button.dataset.d = way;
button.setAttribute("aria-pressed", "true");
for (const fact of facts) fact.cells = fact.cells || Array.from(fact.row.firstElementChild.children, (cell) => cell.textContent);
facts.sort((a, b) => {
const one = a.cells[column], other = b.cells[column];
if (!one !== !other) return one ? -1 : 1;
return way * order.compare(one, other);
});
$("rows").append(...facts.map((fact) => fact.row));
});

/* Findings by severity, pairs by text. */
$("severity").addEventListener("change", () => {
for (const finding of all("#findings .f")) finding.hidden = Boolean($("severity").value) && finding.dataset.s !== $("severity").value;
});
$("findpair").addEventListener("input", () => {
const words = $("findpair").value.toLowerCase().split(/\s+/).filter(Boolean);
for (const pair of all("#pairs .p")) {
const text = pair.firstElementChild.textContent.toLowerCase();
pair.hidden = !words.every((word) => text.includes(word));
}
});

/* The map zooms by its width; moving is the browser's own scrolling, plus dragging with a mouse. */
const view = $("view"), map = $("map"), natural = Number(map.getAttribute("width"));
let scale = 0;
function zoom(next, x, y) {
const before = map.getBoundingClientRect().width;
const at = view.getBoundingClientRect();
const left = (x === undefined ? view.clientWidth / 2 : x - at.left), top = (y === undefined ? view.clientHeight / 2 : y - at.top);
scale = Math.min(4, Math.max(0.2, next));
map.style.minWidth = "0";
map.style.width = natural * scale + "px";
const ratio = natural * scale / before;
view.scrollLeft = (view.scrollLeft + left) * ratio - left;
view.scrollTop = (view.scrollTop + top) * ratio - top;
}
const now = () => scale || map.getBoundingClientRect().width / natural;
$("in").addEventListener("click", () => zoom(now() * 1.3));
$("out").addEventListener("click", () => zoom(now() / 1.3));
$("fit").addEventListener("click", () => { zoom(view.clientWidth / natural); view.scrollTo(0, 0); });
view.addEventListener("wheel", (event) => {
if (!event.ctrlKey && !event.metaKey) return;
event.preventDefault();
zoom(now() * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
}, { passive: false });
view.addEventListener("keydown", (event) => {
if (event.target !== view) return;
if (event.key === "+" || event.key === "=") zoom(now() * 1.3);
else if (event.key === "-") zoom(now() / 1.3);
else if (event.key === "0") $("fit").click();
else return;
event.preventDefault();
});
const labels = $("levels");
function stick() { labels.setAttribute("transform", "translate(" + view.scrollLeft / now() + " 0)"); }
view.addEventListener("scroll", stick, { passive: true });
view.scrollLeft = (map.getBoundingClientRect().width - view.clientWidth) / 2;
let drag = null, moved = false;
view.addEventListener("pointerdown", (event) => {
moved = false;
if (event.pointerType === "mouse" && event.button === 0) drag = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
});
addEventListener("pointermove", (event) => {
if (!drag) return;
const dx = event.clientX - drag.x, dy = event.clientY - drag.y;
if (!moved && Math.hypot(dx, dy) < 5) return;
moved = true;
view.classList.add("drag");
view.scrollLeft = drag.left - dx;
view.scrollTop = drag.top - dy;
});
addEventListener("pointerup", () => { drag = null; view.classList.remove("drag"); });
map.addEventListener("dragstart", (event) => event.preventDefault());
let pinch = null;
const spread = (touches) => Math.hypot(touches[0].clientX - touches[1].clientX, touches[0].clientY - touches[1].clientY);
view.addEventListener("touchstart", (event) => {
if (event.touches.length === 2) pinch = { spread: spread(event.touches), scale: now() };
}, { passive: true });
view.addEventListener("touchmove", (event) => {
if (!pinch || event.touches.length !== 2) return;
event.preventDefault();
const [a, b] = event.touches;
zoom(pinch.scale * spread(event.touches) / pinch.spread, (a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
}, { passive: false });
view.addEventListener("touchend", () => { pinch = null; });

/* Lines: by effect and protocol; what a machine touches is lit. */
const edges = all("#edges .e"), nodes = all("#nodes .n");
function sift() {
const effects = $("show").value.split(" ").filter(Boolean), protocol = $("proto").value;
for (const edge of edges) {
const fits = (!effects.length || effects.some((effect) => edge.classList.contains(effect))) && (!protocol || edge.dataset.p.split(" ").includes(protocol));
edge.classList.toggle("off", !fits);
}
}
$("show").addEventListener("change", sift);
$("proto").addEventListener("change", sift);
let held = null;
function light(node) {
map.classList.toggle("lit", Boolean(node));
for (const other of nodes) other.classList.remove("on", "near");
for (const edge of edges) edge.classList.remove("on");
if (!node) return;
node.classList.add("on");
const number = node.dataset.n, near = new Set();
for (const edge of edges) {
if (edge.dataset.a !== number && edge.dataset.b !== number) continue;
edge.classList.add("on");
near.add(edge.dataset.a).add(edge.dataset.b);
}
for (const other of nodes) if (near.has(other.dataset.n)) other.classList.add("near");
}
for (const node of nodes) {
node.addEventListener("pointerenter", () => light(node));
node.addEventListener("pointerleave", () => light(held));
node.addEventListener("focus", () => light(node));
node.addEventListener("blur", () => light(held));
}

/* A machine pressed on the map shows in the panel; a group lists its members. */
function text(tag, words, name) {
const made = document.createElement(tag);
made.textContent = words;
if (name) made.className = name;
return made;
}
async function show(node) {
held = node;
light(node);
const card = $("card");
const title = node.querySelector(".nl").textContent;
if (node.dataset.m !== undefined) {
const row = $("m" + node.dataset.m);
await fill(row);
const summary = row.firstElementChild, cell = (index) => summary.children[index].textContent;
const facts = [1, 2, 3, 4, 5].map(cell).filter(Boolean).join(" · ");
card.replaceChildren(text("h3", cell(0)), text("p", facts, "sub"), row.querySelector(".in").cloneNode(true));
} else if (node.dataset.g) {
const numbers = node.dataset.g.split(" "), list = document.createElement("ul");
list.className = "many";
for (const number of numbers.slice(0, 60)) {
const cells = $("m" + number).firstElementChild.children;
const item = document.createElement("li"), link = text("a", cells[0].textContent);
link.href = "#m" + number;
item.append(link, " " + cells[2].textContent);
list.append(item);
}
const more = text("button", "Show these " + numbers.length + " in the table");
more.type = "button";
more.addEventListener("click", () => { group = new Set(numbers.map((number) => "m" + number)); filter(); $("machines").scrollIntoView(); });
card.replaceChildren(text("h3", title), text("p", node.querySelector(".ns").textContent, "sub"), more, list);
} else {
card.replaceChildren(text("h3", title), text("p", node.querySelector(".ns").textContent, "sub"));
}
$("panel").hidden = false;
view.parentElement.classList.add("paneled");
$("panel").scrollTop = 0;
}
map.addEventListener("click", (event) => {
const node = event.target.closest(".n");
if (moved) { event.preventDefault(); return; }
if (!node) { if ($("panel").hidden) return; shut(); return; }
event.preventDefault();
show(node);
});
function shut() {
$("panel").hidden = true;
view.parentElement.classList.remove("paneled");
const last = held;
held = null;
light(null);
if (last) last.focus({ preventScroll: true });
light(null);
}
$("close").addEventListener("click", shut);
addEventListener("keydown", (event) => { if (event.key === "Escape" && !$("panel").hidden) shut(); });

/* On paper the open findings say everything. */
let opened = [];
addEventListener("beforeprint", () => {
labels.removeAttribute("transform");
opened = all("#findings .f:not(.ok):not([open])").slice(0, 60);
for (const finding of opened) finding.open = true;
});
addEventListener("afterprint", () => { for (const finding of opened) finding.open = false; });
reveal();
})();
