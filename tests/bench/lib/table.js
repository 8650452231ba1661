/*
 * table - medians as a table for a terminal or in Markdown; figures and their units.
 */
const THOUSANDS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

const three = (value) => value.toPrecision(3).replace(/e\+\d+$/, '');
const digits = (value) => (Math.abs(value) >= 100 ? THOUSANDS.format(value) : three(value));

const FORMATS = {
    count: (value) => {
        if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
        return value >= 1e5 ? `${(value / 1e3).toFixed(0)} k` : THOUSANDS.format(value);
    },
    bytes: (value) =>
        Math.abs(value) < 1e6 ? `${digits(value / 1e3)} kB` : `${digits(value / 1e6)} MB`,
    us: (value) => `${digits(value)} µs`,
    'us/s': (value) => `${digits(value)} µs/s`,
    ms: (value) => `${digits(value)} ms`,
    decimal: digits,
};

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A figure, with its ratio to the floor where there is one. */
export function figure(value, unit, floor) {
    if (value === undefined || Number.isNaN(value)) return '–';
    const text = FORMATS[unit](value);
    if (!floor || floor === value) return text;
    const ratio = value / floor;
    return `${text} (${ratio < 10 ? ratio.toFixed(2) : ratio.toFixed(0)}×)`;
}

/** rows: arrays of texts, the first of them the heads; the first column is to the left. */
export function plainTable(rows) {
    const texts = rows.map((row) => row.map((text) => text.replaceAll(/[*`]/g, '')));
    const widths = texts[0].map((_, i) => Math.max(...texts.map((row) => row[i].length)));
    const line = (row) =>
        row.map((t, i) => (i ? t.padStart(widths[i]) : t.padEnd(widths[i]))).join('  ');
    return texts.map(line).join('\n');
}

export function markdownTable([heads, ...rows]) {
    const line = (row) => `| ${row.join(' | ')} |`;
    const rule = heads.map((_, i) => (i ? '--:' : '---'));
    return [line(heads), `|${rule.join('|')}|`, ...rows.map(line)].join('\n');
}
