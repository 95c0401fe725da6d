"use strict";
// Draws the report out of the JSON beside it. Everything from a rule or event enters as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const PAGE = 200;
const CELLS = 24;

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key === "class") node.className = value;
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null) node.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
  return node;
}

const plural = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
const mark = (kind, text) => el("span", { class: `mark ${kind}` }, text);
const forms = [...new Set(data.rules.flatMap((r) => r.forms.map((f) => f.form)))];
const wrong = (v) => v.outcome === "fail";
const kindOf = (v) => (wrong(v) ? "bad" : v.outcome === "differs" ? "warn" : "good");
const did = (v) => (v.alerts > 1 ? `fired ${v.alerts} times` : v.alerts ? "fired" : "stayed silent");
const told = (v) => `${v.case}: ${did(v)}${wrong(v) ? `, expected: ${v.expected}` : v.outcome === "differs" ? ", a known difference" : ""}`;
const place = (p) => `${p.path}:${p.line}:${p.column}`;

// ---- the matrix -------------------------------------------------------------------------------------

function formCell(rule, name) {
  const form = rule.forms.find((f) => f.form === name);
  if (!form) return mark("none", "–");
  if (form.status === "refused") return mark("warn", "refused");
  if (form.status === "unreadable") return mark("warn", "not run");
  const verdicts = rule.verdicts.filter((v) => v.form === name);
  if (!verdicts.length) return mark("none", "no cases");
  const failed = verdicts.filter(wrong);
  const text = failed.length ? `${failed.length} of ${verdicts.length} wrong` : `${verdicts.length}/${verdicts.length}`;
  const approximate = form.status === "approximate";
  return [
    mark(failed.length ? "bad" : approximate ? "warn" : "good", approximate ? `${text} ≈` : text),
    cells(verdicts),
  ];
}

function cells(verdicts) {
  const sorted = [...verdicts].sort((a, b) => wrong(b) - wrong(a));
  const shown = sorted.slice(0, CELLS).sort((a, b) => b.case.localeCompare(a.case));
  const rest = verdicts.length - shown.length;
  const label = verdicts.filter(wrong).map(told).join("; ") || "every case is as expected";
  return el("span", { class: "cells", role: "img", "aria-label": label },
    shown.map((v) => el("span", { class: `cell ${kindOf(v)}`, title: told(v) }, v.case.startsWith("positive") ? "+" : "−")),
    rest > 0 ? el("span", { class: "why" }, ` +${rest}`) : null);
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
const ordered = [...data.rules].sort((a, b) => b.failed - a.failed);

function matching() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const test = STATES.find(([name]) => name === state)[2];
  const form = $("form-filter").value;
  return ordered.filter((r) => test(r) && words.every((w) => r.text.includes(w)) &&
    (!form || r.verdicts.some((v) => v.form === form && wrong(v)) || r.forms.some((f) => f.form === form && f.status !== "exact")));
}

function draw() {
  const rows = matching();
  $("rules").replaceChildren(
    el("caption", { class: "hidden" }, "Rules and the verdict of each form"),
    el("thead", {}, el("tr", {}, ["Rule", "Type", ...forms].map((t) => el("th", { scope: "col" }, t)))),
    el("tbody", {}, rows.length ? rows.slice(0, shown).map(row)
      : el("tr", {}, el("td", { colspan: String(2 + forms.length), class: "why" }, data.rules.length ? "No rule is like that." : "No rule was judged."))));
  const all = plural(data.rules.length, "rule");
  $("count").textContent = rows.length === data.rules.length ? all : `${rows.length.toLocaleString("en")} of ${all}`;
  $("more").hidden = rows.length <= shown;
  $("more").textContent = `Show ${Math.min(PAGE, rows.length - shown)} more`;
  for (const button of $("states").querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.value === state));
}

// What is wrong with the rule's own files, as a badge.
function flaws(rule) {
  return ["error", "warning"].map((severity) => {
    const n = rule.problems.filter((p) => p.severity === severity).length;
    return n ? [" ", mark(severity === "error" ? "bad" : "warn", plural(n, severity))] : null;
  });
}

function row(rule) {
  const button = el("button", { type: "button", "aria-expanded": "false" }, rule.name);
  const line = el("tr", { class: "rule" },
    el("td", { class: "name" }, button, flaws(rule), el("span", { class: "path" }, rule.path)),
    el("td", { class: "type" }, rule.type),
    forms.map((f) => el("td", { "data-form": f }, formCell(rule, f))));
  let detail = null;
  const toggle = () => {
    if (detail) { detail.remove(); detail = null; } else { detail = el("tr", { class: "detail" }, el("td", { colspan: String(2 + forms.length) }, details(rule))); line.after(detail); }
    button.setAttribute("aria-expanded", String(Boolean(detail)));
  };
  line.addEventListener("click", (event) => { if (!String(getSelection()) || event.target === button) toggle(); });
  return line;
}

// ---- one rule ---------------------------------------------------------------------------------------

function details(rule) {
  const box = el("div", {});
  for (const form of rule.forms) {
    if (form.status !== "exact" && form.problems.length) {
      box.append(el("h3", {}, `${form.form}: ${form.status}`), el("ul", { class: "list" }, form.problems.map((p) => el("li", {}, p.message, el("span", { class: "path" }, place(p))))));
    }
  }
  if (rule.problems.length) {
    box.append(el("h3", {}, "Problems"), el("ul", { class: "list" }, rule.problems.map((p) => el("li", {}, mark(p.severity === "error" ? "bad" : "warn", p.severity), " ", p.message, p.hint ? el("span", { class: "why" }, ` — ${p.hint}`) : null, el("span", { class: "path" }, `${place(p)}  ${p.code}`)))));
  }
  const cases = [...new Set(rule.verdicts.map((v) => v.path))].map((path) => rule.verdicts.filter((v) => v.path === path));
  cases.sort((a, b) => b.some(wrong) - a.some(wrong));
  if (cases.length) box.append(el("h3", {}, plural(cases.length, "case")), el("div", { class: "cases" }, cases.map((verdicts) => caseOf(rule, verdicts))));
  const texts = rule.forms.filter((f) => f.text);
  if (texts.length) {
    const fields = decisive(rule.verdicts.filter(wrong));
    box.append(el("h3", {}, "Exported forms", fields.length ? el("span", { class: "why" }, " — what decided the failed cases is marked") : null),
      el("div", { class: "forms" }, texts.map((f) => el("div", {}, el("h4", {}, f.form, el("span", { class: "path" }, f.document)), exported(f, fields)))));
  }
  if (!box.childNodes.length) box.append(el("p", { class: "why" }, "Nothing more is known of this rule."));
  return box;
}

function caseOf(rule, verdicts) {
  const failed = verdicts.some(wrong);
  const box = el("details", failed ? { open: "" } : {},
    el("summary", {}, el("span", { class: "case" }, verdicts[0].case), verdicts.map((v) => [" ", mark(kindOf(v), `${v.form} ${did(v)}${wrong(v) ? `, expected: ${v.expected}` : ""}`)])));
  let filled = false;
  const fill = () => {
    if (filled) return;
    filled = true;
    const inside = el("div", { class: "inside" });
    const left = el("div", {});
    for (const [names, reason] of together(verdicts, (v) => v.reason)) left.append(el("h4", {}, names), el("pre", { tabindex: "0" }, reason.join("\n")));
    for (const [names, trees] of together(verdicts, (v) => v.explained || [])) {
      left.append(el("h4", {}, `${names}, clause by clause`), ...trees.map((t) => [trees.length > 1 ? el("p", { class: "why" }, t.of) : null, tree(t, true)]).flat().filter(Boolean));
    }
    if (left.childNodes.length) inside.append(left);
    const events = rule.events && rule.events[verdicts[0].path];
    const right = el("div", {}, el("h4", {}, events && events.length > 1 ? plural(events.length, "event") : "Event", el("span", { class: "path" }, verdicts[0].path)));
    if (events) right.append(eventOf(events.length === 1 ? events[0] : events, new Set(decisive(verdicts.some(wrong) ? verdicts.filter(wrong) : []))));
    inside.append(right);
    box.append(inside);
  };
  box.addEventListener("toggle", fill);
  if (failed) fill();
  return box;
}

// What forms say alike is said once: [["elastic, sigma", what], …].
function together(verdicts, what) {
  const groups = new Map();
  for (const v of verdicts) {
    const found = what(v);
    if (!found.length) continue;
    const key = JSON.stringify(found);
    if (!groups.has(key)) groups.set(key, [[], found]);
    groups.get(key)[0].push(v.form);
  }
  return [...groups.values()].map(([names, found]) => [names.join(", "), found]);
}

function tree(node, top) {
  return el("ul", { class: top ? "tree top" : "tree" },
    el("li", { class: node.matched ? "yes" : "no" }, el("span", { class: "clause" }, node.text), node.reason ? el("span", { class: "why" }, `  ${node.reason}`) : null,
      node.children.map((child) => tree(child, false))));
}

// The fields of the clauses that made verdicts what they are: unmatched ones of a silent rule, matched ones of one that fired.
function decisive(verdicts) {
  const found = new Set();
  const visit = (node, matched) => {
    if (!node.children.length && node.matched === matched) for (const field of node.fields) found.add(field);
    for (const child of node.children) visit(child, node.text === "not" ? !matched : matched);
  };
  for (const v of verdicts) for (const node of v.explained || []) visit(node, v.alerts > 0);
  return [...found];
}

// ---- texts ------------------------------------------------------------------------------------------

// A form's text for reading: JSON is laid out, and its query stands above it with the line breaks that it has.
function exported(form, fields) {
  const parsed = form.document.endsWith(".json") ? parse(form.text) : null;
  if (!parsed) return code(form.text, fields);
  const { query, ...rest } = parsed;
  return [
    typeof query === "string" ? query_block(query, fields) : null,
    code(JSON.stringify(rest, null, 2), typeof query === "string" ? [] : fields),
  ].filter(Boolean).reduce((box, child) => { box.append(child); return box; }, el("div", { class: "stack" }));
}

function parse(text) {
  try { const value = JSON.parse(text); return value && typeof value === "object" && !Array.isArray(value) ? value : null; } catch { return null; }
}

function query_block(query, fields) {
  const pre = el("pre", { class: "query", tabindex: "0", "aria-label": "query" });
  marked(pre, query.trim(), fields);
  return pre;
}

// An event as JSON, with the keys of the deciding fields marked, however they are nested or dotted.
function eventOf(events, fields) {
  const pre = el("pre", { tabindex: "0" });
  const write = (value, path, indent) => {
    const deeper = `${indent}  `;
    if (Array.isArray(value)) {
      if (!value.length) { pre.append("[]"); return; }
      pre.append("[\n");
      value.forEach((item, i) => { pre.append(deeper); write(item, path, deeper); pre.append(i < value.length - 1 ? ",\n" : "\n"); });
      pre.append(`${indent}]`);
    } else if (value && typeof value === "object") {
      const entries = Object.entries(value);
      if (!entries.length) { pre.append("{}"); return; }
      pre.append("{\n");
      entries.forEach(([key, item], i) => {
        const here = path ? `${path}.${key}` : key;
        const name = el("span", { class: "k" }, JSON.stringify(key));
        pre.append(deeper, fields.has(here) ? el("mark", {}, name) : name, ": ");
        write(item, here, deeper);
        pre.append(i < entries.length - 1 ? ",\n" : "\n");
      });
      pre.append(`${indent}}`);
    } else pre.append(el("span", { class: typeof value === "string" ? "s" : "n" }, JSON.stringify(value)));
  };
  write(events, "", "");
  return pre;
}

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// Appends text, with every whole occurrence of a field marked.
function marked(parent, text, fields) {
  if (!fields.length) { parent.append(text); return; }
  const pattern = new RegExp(`(?<![\\w.@-])(?:${[...fields].sort((a, b) => b.length - a.length).map(quoted).join("|")})(?![\\w.@-])`, "g");
  let at = 0;
  for (const m of text.matchAll(pattern)) {
    if (!m[0]) continue;
    parent.append(text.slice(at, m.index), el("mark", {}, m[0]));
    at = m.index + m[0].length;
  }
  parent.append(text.slice(at));
}

// Colours for JSON and YAML; a text that is neither stays plain. Works on the text, so nothing can become markup.
const TOKENS = /("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(\s*:)?|^(\s*(?:- )?)([A-Za-z_@][\w.|@-]*)(:)(?=\s|$)|(?<![\w.-])(-?\d+(?:\.\d+)?|true|false|null)(?![\w.-])/gm;
function code(text, fields) {
  const pre = el("pre", { tabindex: "0" });
  if (text.length > 200000) { pre.textContent = text; return pre; }
  let at = 0;
  const span = (kind, value) => { const node = el("span", { class: kind }); marked(node, value, fields); return node; };
  for (const m of text.matchAll(TOKENS)) {
    marked(pre, text.slice(at, m.index), fields);
    if (m[1]) pre.append(span(m[2] ? "k" : "s", m[1]), m[2] || "");
    else if (m[4]) {
      const [name, ...modifiers] = m[4].split("|");
      pre.append(m[3], span("k", name), modifiers.length ? `|${modifiers.join("|")}` : "", m[5]);
    } else pre.append(el("span", { class: "n" }, m[6]));
    at = m.index + m[0].length;
  }
  marked(pre, text.slice(at), fields);
  return pre;
}

// ---- the other views --------------------------------------------------------------------------------

function problemsTable() {
  const all = [...data.problems, ...data.rules.flatMap((r) => r.problems)];
  const heads = ["Place", "", "Problem", "What to do"];
  $("tab-problems").textContent = `Problems ${all.length.toLocaleString("en")}`;
  const rest = all.length - 2000;
  $("problems").replaceChildren(
    el("thead", {}, el("tr", {}, heads.map((t) => el("th", { scope: "col" }, t)))),
    el("tbody", {}, all.length ? all.slice(0, 2000).map((p) => el("tr", {},
      el("td", {}, el("span", { class: "path" }, place(p))),
      el("td", {}, mark(p.severity === "error" ? "bad" : "warn", p.severity)),
      el("td", {}, p.message, el("span", { class: "path" }, p.code)), el("td", { class: "why" }, p.hint || "")))
      : el("tr", {}, el("td", { colspan: "4", class: "why" }, "No problems.")),
    rest > 0 ? el("tr", {}, el("td", { colspan: "4", class: "why" }, `and ${plural(rest, "more problem")}; the JSON report has them all`)) : null));
}

function attack() {
  const tactics = new Map();
  for (const rule of data.rules) {
    const failed = rule.failed ? 1 : 0;
    for (const [tactic, id, name] of rule.techniques || []) {
      if (!tactics.has(tactic)) tactics.set(tactic, new Map());
      const key = id ? `${id} ${name}` : "no technique named";
      const seen = tactics.get(tactic);
      const [n, bad] = seen.get(key) || [0, 0];
      seen.set(key, [n + 1, bad + failed]);
    }
  }
  const order = data.tactics.filter((t) => tactics.has(t)).concat([...tactics.keys()].filter((t) => !data.tactics.includes(t)));
  const none = data.enterprise.filter((t) => !tactics.has(t));
  const go = (name) => () => { $("search").value = name; $("form-filter").value = ""; state = "all"; shown = PAGE; view("rules"); draw(); $("search").focus(); };
  const techniques = new Set(data.rules.flatMap((r) => (r.techniques || []).map((t) => t[1]).filter(Boolean)));
  $("attack").replaceChildren(
    el("p", { class: "why" }, order.length ? `${plural(techniques.size, "technique")} in ${plural(order.length, "tactic")}; the number is how many rules name it, red when one of them failed.${none.length ? ` No rule: ${none.join(", ")}.` : ""}` : "No rule names a tactic."),
    el("div", { class: "attack" }, order.map((t) => el("div", { class: "tactic" }, el("h3", {}, t),
      [...tactics.get(t)].sort().map(([name, [n, bad]]) => el("button", { type: "button", class: `technique${bad ? " bad" : ""}${/^T\d+\.\d/.test(name) ? " sub" : ""}`, onclick: go(name.startsWith("T") ? name.split(" ")[0] : t) }, el("span", {}, name), el("span", { class: "n" }, String(n))))))));
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
  const boxes = [[data.rules.length, data.rules.length === 1 ? "rule" : "rules", ""], [verdicts.length, verdicts.length === 1 ? "verdict" : "verdicts", ""], [failed, "wrong", failed ? "bad" : "good"]];
  for (const form of forms) {
    const found = data.rules.map((r) => r.forms.find((f) => f.form === form)).filter(Boolean);
    const lost = found.filter((f) => f.status === "refused" || f.status === "unreadable").length;
    boxes.push([`${(found.length - lost).toLocaleString("en")}/${found.length.toLocaleString("en")}`, `in ${form}`, lost ? "warn" : "good"]);
  }
  $("totals").replaceChildren(...boxes.map(([n, t, kind]) => el("div", { class: `total ${kind}` }, el("b", {}, n.toLocaleString("en")), " ", t)));
  const bad = data.rules.filter((r) => r.failed).length;
  const loose = data.problems.filter((p) => p.severity === "error").length;
  const parts = [bad ? `${plural(bad, "rule")} failed` : "", loose ? plural(loose, "error") + " beyond rules" : ""].filter(Boolean);
  $("verdict").textContent = data.passed ? "Everything is as expected" : parts.join(", ");
  $("verdict").className = data.passed ? "good" : "bad";
  document.title = `samefire: ${$("verdict").textContent.toLowerCase()}`;
  const said = [data.scope ? `Judged: ${data.scope}${data.base ? `, compared with ${data.base.slice(0, 12)}` : ""}.` : "",
    ...Object.entries(data.skipped).map(([what, n]) => `Not run: ${what}: ${n.toLocaleString("en")}.`)].filter(Boolean);
  $("scope").textContent = said.join(" ");
  $("scope").hidden = !said.length;
}

$("states").append(...STATES.map(([name, label]) => el("button", { type: "button", value: name, onclick: () => { state = name; shown = PAGE; draw(); } }, label)));
$("form-filter").append(el("option", { value: "" }, "any"), ...forms.map((f) => el("option", { value: f }, `${f}: wrong or not exact`)));
$("filters").addEventListener("submit", (event) => event.preventDefault());
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
  if (event.key === "Escape" && document.activeElement === $("search")) { $("search").value = ""; shown = PAGE; draw(); }
});
// On paper: every rule that the filters leave, and the failed ones opened.
addEventListener("beforeprint", () => {
  shown = Infinity;
  draw();
  for (const line of $("rules").querySelectorAll("tr.rule")) if (line.querySelector(".cell.bad, .mark.bad")) line.querySelector("button").click();
});
addEventListener("afterprint", () => { shown = PAGE; draw(); });
totals(); problemsTable(); attack(); draw();
