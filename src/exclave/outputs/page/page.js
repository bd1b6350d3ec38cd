"use strict";
(() => {
  const PAGE = 100;
  const PRINTED = 500;
  const RANK = { critical: 4, high: 3, medium: 2, low: 1, info: 0 };
  const data = JSON.parse(document.getElementById("data").textContent);
  const table = document.getElementById("table");

  // Everything from the logs goes through here: as text, never as markup.
  const make = (name, text, className) => {
    const element = document.createElement(name);
    if (text !== undefined && text !== null) element.textContent = text;
    if (className) element.className = className;
    return element;
  };

  const copy = async (text, button) => {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      const area = make("textarea", text);
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    const before = button.textContent;
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = before; }, 1500);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy");
    if (button) copy(button.parentElement.querySelector("code").textContent, button);
  });
  if (!table) return;

  const COLUMNS = [
    ["", null],
    ["Severity", (row) => RANK[row.sev]],
    ["Time (UTC)", (row) => row.time],
    ["What", (row) => row.source],
    ["Outcome", (row) => row.kind],
    ["To", (row) => row.to || ""],
    ["Method", (row) => row.method],
    ["Who", (row) => row.who],
  ];
  const state = { page: 0, sort: 1, down: true, text: "", type: "", open: false, shown: data.rows, opened: new Set() };
  data.rows.forEach((row, number) => {
    row.number = number;
    row.text = [row.id, row.method, row.source, row.lineage, row.to, row.verdict, row.judged, row.by, row.agent, row.where, row.action,
      row.kind, data.files[row.file], row.event, row.incident, row.error].join("\n").toLowerCase();
  });

  const evidence = (row) => `${data.files[row.file]}:${row.record}`;
  const facts = (row) => [
    ["Why", row.why.join("; ")],
    ["Data of", row.lineage],
    ["To", row.to && `${row.to} (${row.judged})`],
    ["Limited to", row.limits],
    ["State", row.state],
    ["Seen", row.times],
    ["By", row.by],
    ["User agent", row.agent],
    ["Call", row.where ? `${row.action} in ${row.where}` : row.action],
    ["Error", row.error],
    ["Incident", row.incident],
    ["Evidence", evidence(row)],
    ["Event id", row.event],
    ["Finding", row.id],
  ].filter(([, value]) => value);

  const detail = (row) => {
    const line = make("tr", null, "detail");
    const cell = make("td");
    cell.colSpan = COLUMNS.length;
    const list = make("dl", null, "facts");
    for (const [name, value] of facts(row)) list.append(make("dt", name), make("dd", value));
    cell.append(list);
    if (row.revoke) {
      const command = make("div", null, "command");
      const pre = make("pre");
      pre.append(make("code", row.revoke));
      const button = make("button", "Copy", "copy");
      button.type = "button";
      button.setAttribute("aria-label", "Copy the command");
      command.append(pre, button);
      if (row.note) command.append(make("p", row.note, "quiet"));
      cell.append(make("h4", "Take it back"), command);
    }
    line.append(cell);
    return line;
  };

  const toggle = (row, line, button) => {
    const opened = !state.opened.has(row.number);
    button.setAttribute("aria-expanded", String(opened));
    button.textContent = opened ? "▾" : "▸";
    if (opened) {
      state.opened.add(row.number);
      line.after(detail(row));
    } else {
      state.opened.delete(row.number);
      line.nextElementSibling.remove();
    }
  };

  const words = (text = "") => make("td", text, /\S{40}/.test(text) ? "long" : "");

  const drawRow = (row) => {
    const line = make("tr", null, "row");
    const opened = state.opened.has(row.number);
    const button = make("button", opened ? "▾" : "▸", "toggle");
    button.type = "button";
    button.setAttribute("aria-expanded", String(opened));
    button.setAttribute("aria-label", `Details of ${row.id || row.method}`);
    button.addEventListener("click", () => toggle(row, line, button));
    const first = make("td");
    first.append(button);
    const severity = make("td");
    severity.append(make("span", row.sev, `badge ${row.sev}`));
    const outcome = make("td", row.kind, "nowrap");
    if (row.open) outcome.append(" ", make("span", "open", "openmark"));
    const to = words(row.to);
    if (row.verdict) to.append(" ", make("span", row.verdict, `verdict ${row.verdict}`));
    line.append(first, severity, make("td", row.time, "time"), words(row.source), outcome, to, make("td", row.method, "nowrap"), words(row.who));
    return opened ? [line, detail(row)] : [line];
  };

  const draw = (most = PAGE) => {
    const pages = Math.max(1, Math.ceil(state.shown.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    const begin = state.page * PAGE;
    const rows = state.shown.slice(begin, begin + most);
    table.tBodies[0].replaceChildren(...rows.flatMap(drawRow));
    const all = data.total === data.rows.length ? "" : ` (of ${data.total.toLocaleString("en")} found)`;
    const range = rows.length ? `${(begin + 1).toLocaleString("en")} to ${(begin + rows.length).toLocaleString("en")} of ` : "";
    document.getElementById("count").textContent =
      `${range}${state.shown.length.toLocaleString("en")} that match, ${data.rows.length.toLocaleString("en")} in all${all}`;
    const step = (label, by, able) => {
      const button = make("button", label);
      button.type = "button";
      button.disabled = !able;
      button.addEventListener("click", () => { state.page += by; draw(); document.getElementById("findings").scrollIntoView(); });
      return button;
    };
    document.getElementById("pager").replaceChildren(
      step("Previous", -1, state.page > 0), make("span", `page ${state.page + 1} of ${pages}`), step("Next", 1, state.page < pages - 1));
  };

  const drawHead = () => {
    const line = make("tr");
    COLUMNS.forEach(([label, key], number) => {
      const head = make("th");
      head.scope = "col";
      if (key) {
        const arrow = state.sort === number ? (state.down ? " ↓" : " ↑") : "";
        const button = make("button", label + arrow);
        button.type = "button";
        button.addEventListener("click", () => {
          state.down = state.sort === number && !state.down;
          state.sort = number;
          update();
        });
        head.setAttribute("aria-sort", state.sort === number ? (state.down ? "descending" : "ascending") : "none");
        head.append(button);
      } else {
        head.append(make("span", "Details", "hidden"));
      }
      line.append(head);
    });
    table.tHead.replaceChildren(line);
  };

  const update = () => {
    const severities = new Set([...document.querySelectorAll("input[name=severity]:checked")].map((box) => box.value));
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const key = COLUMNS[state.sort][1];
    const sign = state.down ? -1 : 1;
    state.shown = data.rows
      .filter((row) => severities.has(row.sev) && (!state.type || row.type === state.type) && (!state.open || row.open)
        && words.every((word) => row.text.includes(word)))
      .sort((one, other) => {
        const [a, b] = [key(one), key(other)];
        return (a < b ? -1 : a > b ? 1 : 0) * sign || one.number - other.number;
      });
    state.page = 0;
    drawHead();
    draw();
  };

  let waiting = 0;
  const controls = document.getElementById("controls");
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("input", (event) => {
    state.text = document.getElementById("filter").value;
    state.type = document.getElementById("type").value;
    state.open = document.getElementById("open").checked;
    clearTimeout(waiting);
    waiting = setTimeout(update, event.target.type === "search" ? 120 : 0);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      document.getElementById("filter").focus();
    }
  });
  window.addEventListener("beforeprint", () => draw(PRINTED));
  window.addEventListener("afterprint", () => draw());
  update();
})();
