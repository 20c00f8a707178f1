'use strict';
// Sorts tables and saves the document; the page is complete without it. Holds
// neither of the two characters that markup reserves.
for (const table of document.querySelectorAll('table.sortable')) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const key = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.v;
    if (value === undefined) return cell.textContent.trim().toLowerCase();
    return value === '' ? null : Number(value);
  };
  const compare = (a, b) =>
    typeof a === 'number' ? (typeof b === 'number' ? a - b : -1)
      : typeof b === 'number' ? 1 : a.localeCompare(b, undefined, { numeric: true });
  heads.forEach((head, column) => {
    const label = head.querySelector('.label');
    if (label === null) return;
    const button = document.createElement('button');
    button.type = 'button';
    button.title = 'Sort by this column';
    label.replaceWith(button);
    button.append(label);
    button.addEventListener('click', () => {
      const first = head.classList.contains('n') ? 'descending' : 'ascending';
      const second = first === 'ascending' ? 'descending' : 'ascending';
      const now = head.getAttribute('aria-sort');
      const next = now === first ? second : now === second ? null : first;
      for (const other of heads) other.removeAttribute('aria-sort');
      if (next !== null) head.setAttribute('aria-sort', next);
      const sign = next === 'descending' ? -1 : 1;
      const sorted = next === null ? rows : Array.from(rows).sort((a, b) => {
        const x = key(a, column);
        const y = key(b, column);
        // What was not measured stays at the end either way.
        if (x === null || y === null) return (x === null) - (y === null);
        return sign * compare(x, y);
      });
      body.append(...sorted);
    });
  });
}
const embedded = document.getElementById('document');
if (embedded !== null) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Save every number (JSON)';
  button.addEventListener('click', () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([embedded.textContent], { type: 'application/json' }));
    link.download = 'report.json';
    link.click();
    URL.revokeObjectURL(link.href);
  });
  document.getElementById('save').append(button);
}
