"use strict";
// Draws the report out of the JSON beside it. Everything from a rule or event enters as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const PAGE = 200;

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
  return node;
}

const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const mark = (kind, text) => el("span", { class: `mark ${kind}` }, text);
const forms = [...new Set(data.rules.flatMap((r) => r.forms.map((f) => f.form)))];
const wrong = (v) => v.outcome === "fail";

function formCell(rule, name) {
  const form = rule.forms.find((f) => f.form === name);
  if (!form) return mark("none", "–");
  if (form.status === "refused") return mark("warn", "refused");
  if (form.status === "unreadable") return mark("warn", "not run");
  const verdicts = rule.verdicts.filter((v) => v.form === name);
  if (!verdicts.length) return mark("none", "no cases");
  const failed = verdicts.filter(wrong).length;
  if (failed) return mark("bad", `${failed} of ${verdicts.length} wrong`);
  return mark(form.status === "approximate" ? "warn" : "good", `${verdicts.length}/${verdicts.length}${form.status === "approximate" ? " ≈" : ""}`);
}

const STATES = [
  ["all", "All", () => true],
  ["failed", "Failed", (r) => r.failed],
  ["inexact", "Not exact", (r) => r.forms.some((f) => f.status !== "exact")],
  ["uncased", "No cases", (r) => !r.verdicts.length],
  ["passed", "Passed", (r) => !r.failed && r.verdicts.length > 0],
];
let state = data.rules.some((r) => r.failed) ? "failed" : "all";
let shown = PAGE;

for (const rule of data.rules) {
  rule.text = [rule.name, rule.path, rule.rule_id, rule.type, ...(rule.tags || []), ...(rule.techniques || []).flat()].join(" ").toLowerCase();
}

function matching() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const test = STATES.find(([name]) => name === state)[2];
  const form = $("form-filter").value;
  return data.rules.filter((r) => test(r) && words.every((w) => r.text.includes(w)) &&
    (!form || r.verdicts.some((v) => v.form === form && wrong(v)) || r.forms.some((f) => f.form === form && f.status !== "exact")));
}

function draw() {
  const rows = matching();
  const table = $("rules");
  table.replaceChildren(
    el("caption", { class: "hidden" }, "Rules and the verdict of each form"),
    el("thead", {}, el("tr", {}, ["Rule", "Type", ...forms].map((t) => el("th", { scope: "col" }, t)))),
    el("tbody", {}, rows.slice(0, shown).map(row)));
  $("count").textContent = `${rows.length === data.rules.length ? plural(rows.length, "rule") : `${rows.length} of ${plural(data.rules.length, "rule")}`}`;
  $("more").hidden = rows.length <= shown;
  $("more").textContent = `Show ${Math.min(PAGE, rows.length - shown)} more`;
  for (const button of $("states").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === state));
}

function row(rule) {
  const button = el("button", { type: "button", "aria-expanded": "false" }, rule.name);
  const line = el("tr", { class: "rule" },
    el("td", { class: "name" }, button, el("span", { class: "path" }, rule.path)),
    el("td", {}, rule.type), forms.map((f) => el("td", {}, formCell(rule, f))));
  let detail = null;
  const toggle = () => {
    if (detail) { detail.remove(); detail = null; } else { detail = el("tr", { class: "detail" }, el("td", { colspan: String(2 + forms.length) }, details(rule))); line.after(detail); }
    button.setAttribute("aria-expanded", String(Boolean(detail)));
  };
  line.addEventListener("click", toggle);
  return line;
}

function details(rule) {
  const box = el("div", {});
  for (const form of rule.forms) {
    if (form.status !== "exact" && form.problems.length) {
      box.append(el("h3", {}, `${form.form}: ${form.status}`), el("ul", { class: "why" }, form.problems.map((p) => el("li", {}, `${p.message} (${p.path}:${p.line}:${p.column})`))));
    }
  }
  if (rule.problems.length) box.append(el("h3", {}, "Problems"), el("ul", { class: "why" }, rule.problems.map((p) => el("li", {}, `${p.line}:${p.column} ${p.severity}: ${p.message}${p.hint ? ` — ${p.hint}` : ""}`))));
  const cases = [...new Set(rule.verdicts.map((v) => v.path))];
  if (cases.length) {
    box.append(el("h3", {}, plural(cases.length, "case")));
    box.append(el("div", { class: "cases" }, cases.map((path) => caseOf(rule, path))));
  }
  const texts = rule.forms.filter((f) => f.text);
  if (texts.length) {
    box.append(el("h3", {}, "Exported forms"), el("div", { class: "forms" }, texts.map((f) => el("div", {}, el("h3", {}, `${f.form} · ${f.document}`), code(f.text, f.document)))));
  }
  return box;
}

function caseOf(rule, path) {
  const verdicts = rule.verdicts.filter((v) => v.path === path);
  const failed = verdicts.some(wrong);
  const first = verdicts[0];
  const box = el("details", failed ? { open: "" } : {},
    el("summary", {}, first.case, " ", verdicts.map((v) => [mark(wrong(v) ? "bad" : v.outcome === "differs" ? "warn" : "good", `${v.form} ${v.alerts ? "fired" : "silent"}${wrong(v) ? `, expected ${v.expected}` : ""}`), " "])));
  let filled = false;
  const fill = () => {
    if (filled) return;
    filled = true;
    const left = el("div", {});
    for (const v of verdicts) {
      if (v.reason.length) left.append(el("h3", {}, v.form), el("pre", {}, v.reason.join("\n")));
      if (v.explained) left.append(el("h3", {}, `${v.form}, clause by clause`), tree(v.explained, true));
    }
    const inside = el("div", { class: "inside" });
    if (left.childNodes.length) inside.append(left);
    const events = rule.events && rule.events[path];
    if (events) inside.append(el("div", {}, el("h3", {}, events.length === 1 ? "Event" : plural(events.length, "event")), code(JSON.stringify(events.length === 1 ? events[0] : events, null, 2), "x.json")));
    box.append(inside);
  };
  box.addEventListener("toggle", fill);
  if (failed) fill();
  return box;
}

function tree(node, top) {
  return el("ul", { class: top ? "tree top" : "tree" }, [node].flat().map((n) =>
    el("li", { class: n.matched ? "yes" : "no" }, n.text, n.reason ? el("span", { class: "why" }, `  ${n.reason}`) : null,
      n.children && n.children.length ? tree(n.children, false) : null)));
}

// Colours for JSON and YAML; a text that is neither stays plain. Works on the text, so nothing can become markup.
const TOKENS = /("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(\s*:)?|^(\s*(?:- )?)([A-Za-z_@][\w.|@-]*)(:)(?=\s|$)|\b(-?\d+(?:\.\d+)?|true|false|null)\b/gm;
function code(text, name) {
  const pre = el("pre", { tabindex: "0" });
  const interesting = /^\s*(?:"(?:query|filters|threshold|detection|condition)"|detection:|condition:|correlation:)/;
  if (text.length > 200000) { pre.textContent = text; return pre; }
  let at = 0;
  for (const m of text.matchAll(TOKENS)) {
    pre.append(text.slice(at, m.index));
    if (m[1]) pre.append(el("span", { class: m[2] ? "k" : "s" }, interesting.test(m[0]) ? el("mark", {}, m[1]) : m[1]), m[2] || "");
    else if (m[4]) pre.append(m[3], el("span", { class: "k" }, interesting.test(m[4] + ":") ? el("mark", {}, m[4]) : m[4]), m[5]);
    else pre.append(el("span", { class: "n" }, m[6]));
    at = m.index + m[0].length;
  }
  pre.append(text.slice(at));
  return pre;
}

function problemsTable() {
  const all = [...data.problems, ...data.rules.flatMap((r) => r.problems)];
  $("tab-problems").textContent = `Problems ${all.length}`;
  $("problems").replaceChildren(
    el("thead", {}, el("tr", {}, ["Place", "", "Problem", "What to do"].map((t) => el("th", { scope: "col" }, t)))),
    el("tbody", {}, all.slice(0, 2000).map((p) => el("tr", {},
      el("td", {}, el("span", { class: "path" }, `${p.path}:${p.line}:${p.column}`)),
      el("td", {}, mark(p.severity === "error" ? "bad" : "warn", p.severity)),
      el("td", {}, p.message, el("span", { class: "path" }, p.code)), el("td", { class: "why" }, p.hint || "")))));
}

function attack() {
  const tactics = new Map();
  for (const rule of data.rules) for (const [tactic, id, name] of rule.techniques || []) {
    if (!tactics.has(tactic)) tactics.set(tactic, new Map());
    const key = id ? `${id} ${name}` : "(no technique)";
    const seen = tactics.get(tactic);
    seen.set(key, (seen.get(key) || 0) + 1);
  }
  const order = data.tactics.filter((t) => tactics.has(t)).concat([...tactics.keys()].filter((t) => !data.tactics.includes(t)));
  $("attack").replaceChildren(order.length ? el("div", { class: "attack" }, order.map((t) => el("div", { class: "tactic" }, el("h3", {}, t),
    [...tactics.get(t)].sort().map(([name, n]) => el("button", { type: "button", class: "technique", onclick: () => { $("search").value = name.split(" ")[0]; state = "all"; view("rules"); draw(); } }, name, el("span", { class: "n" }, String(n))))))) : el("p", {}, "No rule names a technique."));
}

function view(name) {
  for (const v of ["rules", "problems", "attack"]) {
    $(`view-${v}`).hidden = v !== name;
    $(`tab-${v}`).setAttribute("aria-pressed", String(v === name));
  }
}

function totals() {
  const verdicts = data.rules.flatMap((r) => r.verdicts);
  const failed = verdicts.filter(wrong).length;
  const boxes = [[data.rules.length, "rules", ""], [verdicts.length, "verdicts", ""], [failed, "failed", failed ? "bad" : "good"]];
  for (const form of forms) {
    const counts = data.rules.map((r) => r.forms.find((f) => f.form === form)).filter(Boolean);
    const refused = counts.filter((f) => f.status === "refused" || f.status === "unreadable").length;
    boxes.push([`${counts.length - refused}/${counts.length}`, `in ${form}`, refused ? "warn" : "good"]);
  }
  $("totals").replaceChildren(...boxes.map(([n, t, kind]) => el("div", { class: `total ${kind}` }, el("b", {}, String(n)), t)));
  $("verdict").textContent = data.passed ? "Everything is as expected" : `${plural(data.rules.filter((r) => r.failed).length, "rule")} failed`;
  $("verdict").className = data.passed ? "good" : "bad";
}

$("states").append(...STATES.map(([name, label]) => el("button", { type: "button", value: name, onclick: () => { state = name; shown = PAGE; draw(); } }, label)));
$("form-filter").append(el("option", { value: "" }, "any"), ...forms.map((f) => el("option", { value: f }, `${f}: wrong or not exact`)));
$("search").addEventListener("input", () => { shown = PAGE; draw(); });
$("form-filter").addEventListener("change", () => { shown = PAGE; draw(); });
$("more").addEventListener("click", () => { shown += PAGE; draw(); });
for (const name of ["rules", "problems", "attack"]) $(`tab-${name}`).addEventListener("click", () => view(name));
$("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) { event.preventDefault(); view("rules"); $("search").focus(); }
  if (event.key === "Escape" && document.activeElement === $("search")) { $("search").value = ""; draw(); }
});
totals(); problemsTable(); attack(); draw();
