'use strict';

// What happened, as the program wrote it; times are in microseconds.
const run = JSON.parse(document.getElementById('data').textContent);
const end = Math.max(run.end, 1);
const peers = run.peers;

// -- what was when -----------------------------------------------------------

// Each a row of numbers in `run`, see simulation/timeline.cpp.
function rows(flat, names) {
  const result = [];
  for (let i = 0; i < flat.length; i += names.length) {
    const row = {};
    names.forEach((name, j) => { row[name] = flat[i + j]; });
    result.push(row);
  }
  return result;
}

const messages =
  rows(run.messages, ['from', 'to', 'sent', 'done', 'fate', 'text']);
const arrived = 0, lost = 1, again = 3; // 2: still under way in the end
for (const m of messages) {
  const text = run.texts[m.text];
  m.votes = text.includes('vote');
  m.reply = text.includes(' reply ');
  m.filled = text.includes(' entries=');
  m.term = Number((/ term=(\d+)/.exec(text) || [0, 0])[1]);
}
const cuts = rows(run.cuts, ['from', 'to', 'begin', 'end']);
const marks = rows(run.marks, ['when', 'peer', 'text']);
const clients = rows(run.clients,
  ['who', 'asked', 'answered', 'outcome', 'text']);
const clientCount = clients.reduce((n, x) => Math.max(n, x.who), 0);

const kinds = ['started', 'crashed', 'wiped', 'paused', 'resumed', 'role',
  'appended', 'truncated', 'durable', 'committed', 'applied', 'members',
  'snapshot', 'installed'];
const isSign = what => what.kind <= 7 || what.kind >= 11;
const roles = ['follower', 'pre-candidate', 'candidate', 'leader'];

// Who belongs to it, as `persistence::text` puts it.
const memberships = run.texts.map(text => {
  const found = /^voters ([\d ]+)(?: and, before, ([\d ]+))?; learners ([\d ]+|none);/
    .exec(text);
  const ids = list => (list || '').split(' ').map(Number).filter(id => id > 0);
  return found && {voters: ids(found[1]), before: ids(found[2]),
    learners: ids(found[3])};
});

// What a peer is among the members that it knows.
function part(peer, members) {
  const now = memberships[members];
  if (!now)
    return '';
  if (now.voters.includes(peer))
    return now.before.length && !now.before.includes(peer) ? 'comes' : 'voter';
  if (now.before.includes(peer))
    return 'goes';
  return now.learners.includes(peer) ? 'learner' : 'no member';
}

// What a peer is at one moment. `terms` are those of the entries 1, 2, ...
function blank() {
  return {runs: false, paused: false, role: 0, term: 0, durable: 0,
    committed: 0, applied: 0, members: 0, snapshot: 0, terms: []};
}

function change(x, what) {
  switch (kinds[what.kind]) {
    case 'started':
      Object.assign(x, {runs: true, paused: false, role: 0, term: 0, durable: 0,
        committed: 0, applied: 0, members: 0});
      break;
    case 'crashed':
      x.runs = x.paused = false;
      break;
    case 'wiped':
      x.terms = [];
      x.snapshot = 0;
      break;
    case 'paused': x.paused = true; break;
    case 'resumed': x.paused = false; break;
    case 'role':
      x.role = what.a;
      x.term = what.b;
      break;
    case 'appended': x.terms[what.a - 1] = what.b; break;
    case 'truncated': x.terms.length = what.a - 1; break;
    case 'members': x.members = what.b; break;
    case 'installed': x.snapshot = what.a; break;
    default: x[kinds[what.kind]] = what.a;
  }
}

// The last of those that are not later than `when`; -1 if there is none.
function lastUpTo(sorted, when, time = x => x.when) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time(sorted[middle]) <= when) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// The history of one peer: what it was at any moment, and the stretches in
// which it had the same role in the same term.
class Story {
  constructor(flat) {
    this.changes = rows(flat, ['when', 'kind', 'a', 'b']);
    this.kept = []; // every 256th state
    this.stretches = [];
    this.parts = [];
    const now = blank();
    let members = 0;
    this.changes.forEach((what, i) => {
      if (kinds[what.kind] === 'members') {
        what.isNew = members !== 0 && members !== what.b;
        members = what.b;
      }
      if (i % 256 === 0)
        this.kept.push({...now, terms: now.terms.slice()});
      change(now, what);
      if (what.kind <= 5)
        this.stretch(what.when, now);
      if (what.kind <= 1 || kinds[what.kind] === 'members')
        this.part(what.when, now);
    });
    this.stretch(end, blank());
    this.part(end, blank());
  }

  // The stretches in which it had the same members.
  part(when, now) {
    const last = this.parts[this.parts.length - 1];
    if (last)
      last.end = when;
    this.parts.push({begin: when, end, members: now.runs ? now.members : 0});
  }

  stretch(when, now) {
    const last = this.stretches[this.stretches.length - 1];
    if (last)
      last.end = when;
    if (last && last.end === last.begin)
      this.stretches.pop();
    this.stretches.push({begin: when, end, runs: now.runs, paused: now.paused,
      role: now.role, term: now.term});
  }

  at(when) {
    const count = lastUpTo(this.changes, when) + 1;
    const from = Math.min(count >> 8, this.kept.length - 1);
    if (from < 0)
      return blank();
    const now = {...this.kept[from], terms: this.kept[from].terms.slice()};
    for (let i = from * 256; i < count; ++i)
      change(now, this.changes[i]);
    return now;
  }
}

const stories = run.changes.map(x => new Story(x));

// Moments that are worth a stop, for the keyboard.
const stops = [...new Set([
  ...stories.flatMap(x => x.changes.filter(isSign).map(y => y.when)),
  ...marks.map(x => x.when),
])].sort((x, y) => x - y);

// -- how it looks ------------------------------------------------------------

const canvas = document.getElementById('lanes');
const pen = canvas.getContext('2d');
const tip = document.getElementById('tip');
const gutter = 64, right = 12, top_ = 34;
const arrowsMax = 1500; // more messages than this are shown as bars

let from = 0, to = end; // what is in view
let moment = run.violation ? run.violation.when : end;
let kept = false; // a click keeps the moment
let mouse = null;
let width = 0, height = 0, lane = 0;
let colors = {};

const hues = [212, 28, 150, 272, 186, 84, 318, 46, 240, 122];
function termColor(term, alpha = 1) {
  if (!term)
    return colors.soft;
  const hue = hues[(term - 1) % hues.length];
  return `hsl(${hue} 62% ${colors.termLight} / ${alpha})`;
}

function readColors() {
  const style = getComputedStyle(document.documentElement);
  const get = name => style.getPropertyValue(name).trim();
  colors = {paper: get('--paper'), lane: get('--lane'), ink: get('--ink'),
    soft: get('--soft'), faint: get('--faint'), alarm: get('--alarm'),
    commit: get('--commit'), members: get('--members'), termLight: get('--term-light'),
    onTerm: get('--on-term')};
}

const x = when => gutter + (when - from) / (to - from) * (width - gutter - right);
const timeAt = px =>
  from + (px - gutter) / (width - gutter - right) * (to - from);
const y = peer => top_ + (peer - 0.5) * lane; // the middle of its lane

const clientsTop = () => top_ + peers * lane + 6;

// Digits as the stretch in view needs them.
function seconds(when, span = 0) {
  const digits = span > 20e6 ? 1 : span > 2e6 ? 2 : span > 2e5 ? 3 : 6;
  return (when / 1e6).toFixed(digits) + ' s';
}

function resize() {
  width = canvas.clientWidth;
  lane = Math.max(64, Math.min(120, (window.innerHeight * 0.5) / peers));
  height = top_ + peers * lane + (clientCount ? clientCount * 8 + 22 : 8);
  const scale = window.devicePixelRatio || 1;
  canvas.style.height = height + 'px';
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  pen.setTransform(scale, 0, 0, scale, 0, 0);
}

function write(text, px, py, color, align = 'left', font = '12px') {
  pen.font = font + ' system-ui, "DejaVu Sans", sans-serif';
  pen.textAlign = align;
  pen.textBaseline = 'middle';
  pen.fillStyle = color;
  pen.fillText(text, px, py);
}

function drawAxis() {
  const span = to - from;
  const wanted = span / Math.max(2, (width - gutter) / 110);
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = Math.max(1,
    [1, 2, 5, 10].map(f => f * power).find(s => s >= wanted));
  pen.strokeStyle = colors.faint;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
    const px = Math.round(x(t)) + 0.5;
    pen.moveTo(px, 18);
    pen.lineTo(px, height);
    write(seconds(t, step * 10), Math.min(px, width - 34), 9, colors.soft,
      'center', '11px');
  }
  pen.stroke();
}

function drawLanes() {
  for (let p = 1; p <= peers; ++p) {
    pen.fillStyle = colors.lane;
    pen.fillRect(gutter, y(p) - lane / 2 + 2, width - gutter - right, lane - 4);
    write('peer ' + p, 4, y(p), colors.ink, 'left', '600 13px');
  }
  if (clientCount)
    write('clients', 4, clientsTop() + clientCount * 4, colors.ink, 'left',
      '600 13px');
}

// How far apart the lines of a peer's cuts are: names need seven pixels.
const cutPitch = () => lane / 2 - 16 >= 7 * (peers - 2) ? 7 : 4;

// A thin line for each other peer that cannot be reached. Names come last:
// messages must not cross them out.
function drawCuts(draw) {
  for (const cut of cuts) {
    if (cut.end < from || cut.begin > to)
      continue;
    const row = cut.to - (cut.to > cut.from ? 2 : 1);
    const py = y(cut.from) + lane / 2 - 5 - row * cutPitch();
    const left = Math.max(x(cut.begin), gutter);
    draw(cut, left, py,
      Math.max(1, Math.min(x(cut.end), width - right) - left));
  }
}

function drawCutLine(cut, left, top, w) {
  pen.globalAlpha = 0.55;
  pen.fillStyle = colors.alarm;
  pen.fillRect(left, top, w, 2);
  pen.globalAlpha = 1;
}

function drawCutName(cut, left, top, w) {
  if (w < 30 || cutPitch() < 7)
    return;
  const text = 'to ' + cut.to;
  pen.font = '8.5px system-ui, "DejaVu Sans", sans-serif';
  pen.fillStyle = colors.lane;
  pen.fillRect(left, top - 3, pen.measureText(text).width + 4, 8);
  write(text, left + 2, top + 1, colors.alarm, 'left', '8.5px');
}

function hatch(left, top, w, h, color) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, w, h);
  pen.clip();
  pen.strokeStyle = color;
  pen.lineWidth = 2;
  pen.beginPath();
  for (let i = left - h; i < left + w; i += 6) {
    pen.moveTo(i, top + h);
    pen.lineTo(i + h, top);
  }
  pen.stroke();
  pen.restore();
}

function drawStretch(p, s) {
  const left = Math.max(x(s.begin), gutter);
  const w = Math.max(Math.min(x(s.end), width - right) - left, 0.7);
  const py = y(p), color = termColor(s.term);
  if (!s.runs) {
    pen.strokeStyle = colors.soft;
    pen.lineWidth = 1.5;
    pen.setLineDash([2, 4]);
    pen.beginPath();
    pen.moveTo(left, py);
    pen.lineTo(left + w, py);
    pen.stroke();
    pen.setLineDash([]);
    return;
  }
  const half = [3, 5, 5, 11][s.role];
  if (s.role === 1 || s.role === 2) {
    hatch(left, py - half, w, 2 * half, color);
  } else {
    pen.fillStyle = s.role === 3 ? color : termColor(s.term, 0.55);
    pen.fillRect(left, py - half, w, 2 * half);
  }
  if (s.paused) {
    pen.fillStyle = colors.lane;
    pen.globalAlpha = 0.75;
    pen.fillRect(left, py - half - 1, w, 2 * half + 2);
    pen.globalAlpha = 1;
    pen.strokeStyle = colors.soft;
    pen.lineWidth = 1;
    pen.strokeRect(left, py - half, w, 2 * half);
  }
  const label = s.paused ? 'stands still'
    : s.role === 3 ? 'leader, term ' + s.term : 'term ' + s.term;
  pen.font = '11.5px system-ui, "DejaVu Sans", sans-serif';
  const fits = text => pen.measureText(text).width + 10 < w;
  const text = [label, String(s.term || '')].find(fits);
  if (!text || (!s.term && !s.paused))
    return;
  if (s.role === 3 && !s.paused) {
    write(text, left + 5, py, colors.onTerm, 'left', '11.5px');
    return;
  }
  pen.strokeStyle = colors.lane; // messages must not cross it out
  pen.lineWidth = 4;
  pen.textBaseline = 'middle';
  pen.textAlign = 'left';
  pen.strokeText(text, left + 5, py - half - 8);
  write(text, left + 5, py - half - 8, color, 'left', '11.5px');
}

const snapshots =
  stories.some(x => x.changes.some(what => what.kind > kinds.indexOf('members')));
const membersChange =
  stories.some(x => x.changes.some(what => what.isNew));

// What it is among the members, at the upper rim of its lane.
function drawPart(p, s) {
  const what = part(p, s.members);
  if (!what || what === 'no member' || s.end < from || s.begin > to)
    return;
  const left = Math.max(x(s.begin), gutter), top = y(p) - lane / 2 + 2;
  const w = Math.max(Math.min(x(s.end), width - right) - left, 0.7);
  if (what === 'comes' || what === 'goes') {
    hatch(left, top, w, 4, colors.members);
    return;
  }
  pen.globalAlpha = what === 'voter' ? 0.85 : 0.4;
  pen.fillStyle = colors.members;
  pen.fillRect(left, top, w, what === 'voter' ? 4 : 3);
  pen.globalAlpha = 1;
}

function drawParts() {
  if (membersChange)
    stories.forEach((story, i) => story.parts.forEach(s => drawPart(i + 1, s)));
}

function drawStretches() {
  stories.forEach((story, i) => {
    const first = Math.max(0, lastUpTo(story.stretches, from, s => s.begin));
    for (let j = first; j < story.stretches.length; ++j) {
      const s = story.stretches[j];
      if (s.begin > to)
        break;
      if (s.end > s.begin)
        drawStretch(i + 1, s);
    }
  });
}

function drawSigns() {
  stories.forEach((story, i) => {
    for (const what of story.changes) {
      const kind = kinds[what.kind];
      if (what.when < from || what.when > to || !isSign(what))
        continue;
      const px = x(what.when), py = y(i + 1);
      if (kind === 'crashed')
        write('■', px, py, colors.alarm, 'center', '13px');
      else if (kind === 'wiped')
        write('∅', px, py - 16, colors.alarm, 'center', '700 14px');
      else if (kind === 'started' && what.when > 0)
        write('▸', px, py, colors.ink, 'left', '15px');
      else if (kind === 'truncated')
        write('⊣', px, py + 15, colors.alarm, 'center', '700 12px');
      else if (kind === 'members' && what.isNew)
        write('◆', px, y(i + 1) - lane / 2 + 6, colors.members, 'center', '9px');
      else if (kind === 'snapshot' || kind === 'installed')
        write(kind === 'snapshot' ? '◼' : '◻', px, py + 17, colors.members,
          'center', '11px');
    }
  });
  drawMarks();
}

// With as much of its text as fits before the next one about all peers.
function drawMarks() {
  const general = marks.filter(m => !m.peer);
  for (const mark of marks) {
    if (mark.when < from || mark.when > to)
      continue;
    const px = x(mark.when);
    const py = mark.peer ? y(mark.peer) - lane / 2 + 6 : 24;
    pen.fillStyle = colors.ink;
    pen.beginPath();
    pen.moveTo(px - 4, py - 4);
    pen.lineTo(px + 4, py - 4);
    pen.lineTo(px, py + 3);
    pen.fill();
    if (mark.peer)
      continue;
    const next = general[general.indexOf(mark) + 1];
    const room = (next ? x(next.when) : width) - px - 16;
    write(shortened(run.texts[mark.text], room), px + 7, py - 1, colors.soft,
      'left', '11px');
  }
}

// As much of a text as fits; nothing if that is next to nothing.
function shortened(text, room) {
  pen.font = '11px system-ui, "DejaVu Sans", sans-serif';
  const part = room / pen.measureText(text).width;
  if (part >= 1)
    return text;
  const length = Math.floor(text.length * part) - 1;
  return length < 8 ? '' : text.slice(0, length) + '…';
}

// Ends at the rims of the bars, and at half of its way if it was lost.
function ends(m) {
  const down = Math.sign(m.to - m.from) * 5;
  const a = {x: x(m.sent), y: y(m.from) + down};
  const b = {x: x(m.done), y: y(m.to) - down};
  if (m.fate === lost && m.done === m.sent) {
    b.x += Math.max(4, (width - gutter) * 300 / (to - from));
    return [a, {x: (a.x + b.x) / 2, y: a.y + (b.y - a.y) * 0.45}];
  }
  return [a, b];
}

function drawArrow(m, crowd) {
  const [a, b] = ends(m);
  const color = termColor(m.term);
  pen.strokeStyle = color;
  const strong = m.filled || m.votes;
  pen.globalAlpha = (strong ? 0.95 : 0.55) * (crowd ? 0.55 : 1);
  pen.lineWidth = m.filled && !crowd ? 1.6 : 1;
  pen.setLineDash(m.votes ? [5, 3] : []);
  pen.beginPath();
  pen.moveTo(a.x, a.y);
  pen.lineTo(b.x, b.y);
  pen.stroke();
  pen.setLineDash([]);
  if (m.fate === lost) {
    pen.globalAlpha = 1;
    write('✕', b.x, b.y, colors.alarm, 'center', '10px');
  } else if (!crowd) {
    const angle = Math.atan2(b.y - a.y, b.x - a.x);
    pen.fillStyle = color;
    pen.beginPath();
    pen.moveTo(b.x, b.y);
    for (const turn of [0.38, -0.38])
      pen.lineTo(b.x - 8 * Math.cos(angle + turn), b.y - 8 * Math.sin(angle + turn));
    pen.fill();
  }
  pen.globalAlpha = 1;
}

// Too many to tell apart: how many arrived at each peer, and how many of its
// own were lost.
function drawTraffic(seen) {
  const step = 3, columns = Math.ceil((width - gutter - right) / step);
  const in_ = stories.map(() => new Float64Array(columns));
  const lost_ = stories.map(() => new Float64Array(columns));
  let most = 1;
  for (const m of seen) {
    const column = Math.floor((x(m.done) - gutter) / step);
    if (column < 0 || column >= columns)
      continue;
    const list = m.fate === lost ? lost_[m.from - 1] : in_[m.to - 1];
    most = Math.max(most, ++list[column]);
  }
  const room = lane / 2 - 16, up = n => Math.sqrt(n / most) * room;
  for (let p = 1; p <= peers; ++p) {
    for (let i = 0; i < columns; ++i) {
      const px = gutter + i * step, base = y(p) - 12;
      pen.fillStyle = colors.soft;
      pen.globalAlpha = 0.6;
      pen.fillRect(px, base - up(in_[p - 1][i]), step - 1, up(in_[p - 1][i]));
      pen.fillStyle = colors.alarm;
      pen.globalAlpha = 0.8;
      pen.fillRect(px, y(p) + 12, step - 1, up(lost_[p - 1][i]) * 0.6);
    }
  }
  pen.globalAlpha = 1;
  write(`${seen.length.toLocaleString('en')} messages in view: above each line `
    + 'those that arrived, below those that were lost. Zoom in to see each.',
    gutter, height - 7, colors.soft, 'left', '11.5px');
}

let inView = [];
function drawMessages() {
  inView = messages.filter(m => m.sent <= to && m.done >= from);
  if (inView.length > arrowsMax)
    return drawTraffic(inView);
  for (const m of inView)
    drawArrow(m, inView.length > 400);
}

function drawClients() {
  const looks = [colors.commit, colors.soft, colors.alarm, colors.faint];
  for (const c of clients) {
    const done = c.answered < 0 ? end : c.answered;
    if (done < from || c.asked > to)
      continue;
    pen.fillStyle = looks[c.outcome];
    const left = Math.max(x(c.asked), gutter);
    pen.fillRect(left, clientsTop() + (c.who - 1) * 8,
      Math.max(1.2, Math.min(x(done), width - right) - left - 0.5), 5);
  }
}

function upright(when, color, dash) {
  if (when < from || when > to)
    return;
  const px = x(when);
  pen.strokeStyle = color;
  pen.lineWidth = dash ? 1 : 2;
  pen.setLineDash(dash);
  pen.beginPath();
  pen.moveTo(px, 16);
  pen.lineTo(px, height);
  pen.stroke();
  pen.setLineDash([]);
}

function drawViolation() {
  if (!run.violation)
    return;
  const px = x(run.violation.when), late = px > width - 100;
  upright(run.violation.when, colors.alarm, []);
  if (px >= gutter && px <= width - right + 1)
    write('violation', px + (late ? -5 : 5), height - 7, colors.alarm,
      late ? 'right' : 'left', '600 11.5px');
}

function draw() {
  pen.clearRect(0, 0, width, height);
  drawLanes();
  drawAxis();
  pen.save();
  pen.beginPath();
  pen.rect(gutter - 6, 0, width - gutter - right + 12, height);
  pen.clip();
  drawCuts(drawCutLine);
  drawMessages();
  drawParts();
  drawStretches();
  drawCuts(drawCutName);
  drawSigns();
  drawClients();
  drawViolation();
  upright(moment, colors.ink, kept ? [] : [4, 3]);
  pen.restore();
  drawLogs();
  showTip();
}

// -- the logs at the moment --------------------------------------------------

function element(name, style, text = '') {
  const result = document.createElement(name);
  result.className = style;
  result.textContent = text;
  return result;
}

function entryBox(now, index) {
  const term = now.terms[index - 1];
  const box = element('div', term ? 'entry' : 'entry none');
  const body = element('b', '', term || '');
  if (term) {
    const sure = index <= now.committed;
    body.style.background = termColor(term, sure ? 1 : 0.3);
    if (!sure)
      body.style.color = 'var(--ink)';
    box.title = `entry ${index} of term ${term}`;
  }
  box.append(body,
    element('i', term && index <= now.durable ? 'durable' : ''),
    element('i', term && index <= now.committed ? 'committed' : ''));
  if (snapshots)
    box.append(element('i', index <= now.snapshot ? 'snapshot' : ''));
  return box;
}

function logLine(p, now, first, last) {
  const line = element('div', now.runs ? 'log' : 'log gone');
  const who = element('div', 'who');
  const term = element('span', 'term', 'term ' + now.term);
  term.style.background = termColor(now.term);
  const role = now.runs ? now.paused ? 'stands still' : roles[now.role] : 'down';
  who.append(element('b', '', 'peer ' + p));
  if (now.runs)
    who.append(term);
  const place = now.runs && membersChange ? part(p, now.members) : '';
  who.append(element('span', '', place && place !== 'voter' && now.role === 0
    ? `${role}, ${place}` : role));
  const entries = element('div', 'entries');
  for (let i = first; i <= last; ++i)
    entries.append(entryBox(now, i));
  line.append(who, entries);
  line.title = `commit ${now.committed}, durable ${now.durable}, `
    + `applied ${now.applied}, last ${now.terms.length}`
    + (now.snapshot ? `, snapshot ${now.snapshot}` : '')
    + (now.members ? `\n${run.texts[now.members]}` : '');
  return line;
}

function drawLogs() {
  const states = stories.map(s => s.at(moment));
  const last = Math.max(0, ...states.map(s => s.terms.length));
  const room = Math.max(1, Math.floor((width - 240) / 32));
  const first = Math.max(1, last - room + 1);
  const heads = element('div', 'log indexes');
  const entries = element('div', 'entries');
  for (let i = first; i <= last; ++i)
    entries.append(element('div', 'entry', String(i)));
  const note = element('div', 'who', first > 1 ? `… up to ${first - 1}` : '');
  heads.append(note, entries);
  document.getElementById('logs').replaceChildren(
    heads, ...states.map((s, i) => logLine(i + 1, s, first, last)));
  const text = document.getElementById('moment');
  text.replaceChildren('The logs at ', element('b', '', seconds(moment)),
    kept ? ' (kept; click again to let it go)' : '');
}

// -- under the mouse ---------------------------------------------------------

// How far a point is from an arrow, in pixels.
function distance(m, px, py) {
  const [a, b] = ends(m);
  const dx = b.x - a.x, dy = b.y - a.y;
  const part = ((px - a.x) * dx + (py - a.y) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.max(0, Math.min(1, part));
  return Math.hypot(px - a.x - t * dx, py - a.y - t * dy);
}

function messageAt(px, py) {
  if (inView.length > arrowsMax)
    return null;
  let best = null, near = 6;
  for (const m of inView) {
    const d = distance(m, px, py);
    if (d < near) {
      best = m;
      near = d;
    }
  }
  return best;
}

function tellMessage(m) {
  const took = ((m.done - m.sent) / 1000).toFixed(1) + ' ms';
  const fate = m.fate === lost ? 'lost'
    : m.fate === arrived ? 'took ' + took
    : m.fate === again ? 'arrived once more, after ' + took : 'under way';
  return `${m.from} → ${m.to}: ${run.texts[m.text]}\n`
    + `sent at ${seconds(m.sent)}, ${fate}`;
}

function tellNear(px, py) {
  const result = [];
  const close = when => Math.abs(x(when) - px) < 6;
  const peer = Math.floor((py - top_) / lane) + 1;
  for (const mark of marks)
    if (close(mark.when) && (mark.peer === peer || (!mark.peer && py < top_)))
      result.push(run.texts[mark.text]);
  const story = stories[peer - 1];
  if (story)
    for (const what of story.changes)
      if (close(what.when) && isSign(what) && what.kind !== 6)
        result.push(tellChange(what));
  for (const cut of cuts)
    if (cut.from === peer && cut.begin <= timeAt(px) && cut.end >= timeAt(px)
        && py > y(peer) + lane / 4)
      result.push(`what it sends to ${cut.to} does not arrive`);
  const client = Math.floor((py - clientsTop()) / 8) + 1;
  for (const c of clients)
    if (c.who === client && x(c.asked) - 2 <= px
        && px <= x(c.answered < 0 ? end : c.answered) + 2)
      result.push(`client ${c.who}: ${run.texts[c.text]}`);
  return result.slice(0, 8);
}

function tellChange(what) {
  const kind = kinds[what.kind];
  if (kind === 'role')
    return `${roles[what.a]} in term ${what.b}`;
  if (kind === 'truncated')
    return `its log ends before ${what.a} now`;
  if (kind === 'members')
    return run.texts[what.b];
  if (kind === 'snapshot')
    return `has a snapshot of ${what.a}@${what.b}`;
  if (kind === 'installed')
    return `goes on with a snapshot of ${what.a}@${what.b}`;
  if (kind === 'crashed' && run.texts[what.b])
    return 'crashed; ' + run.texts[what.b];
  return kind;
}

function showTip() {
  tip.hidden = true;
  if (!mouse || mouse.x < gutter || drag)
    return;
  const lines = tellNear(mouse.x, mouse.y);
  const m = lines.length ? null : messageAt(mouse.x, mouse.y);
  if (m)
    lines.push(tellMessage(m));
  if (!lines.length)
    return;
  tip.textContent = lines.join('\n');
  tip.hidden = false;
  const left = Math.min(mouse.x + 14, width - tip.offsetWidth - 4);
  tip.style.left = Math.max(0, left) + 'px';
  const below = mouse.y + 16 + tip.offsetHeight < height;
  tip.style.top = (below ? mouse.y + 16 : mouse.y - 12 - tip.offsetHeight) + 'px';
}

// -- moving ------------------------------------------------------------------

let asked = false;
function redraw() {
  if (asked)
    return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
}

function view(begin, length) {
  const shortest = Math.min(end, 200);
  const span = Math.max(shortest, Math.min(end, length));
  from = Math.max(0, Math.min(end - span, begin));
  to = from + span;
  redraw();
}

function zoom(factor, around) {
  const span = Math.max(Math.min(end, 200), Math.min(end, (to - from) * factor));
  view(around - (around - from) / (to - from) * span, span);
}

function goTo(when) {
  moment = Math.max(0, Math.min(end, when));
  kept = true;
  if (moment < from || moment > to)
    view(moment - (to - from) / 2, to - from);
  redraw();
}

function toViolation() {
  if (!run.violation)
    return;
  goTo(run.violation.when);
  const span = Math.min(to - from, 400000, end);
  view(run.violation.when - span * 0.8, span);
}

function step(direction) {
  const i = lastUpTo(stops, moment, when => when);
  const next = direction > 0 ? stops[i + 1]
    : stops[stops[i] === moment ? i - 1 : i];
  if (next !== undefined)
    goTo(next);
}

let drag = null;
canvas.addEventListener('pointerdown', e => {
  canvas.setPointerCapture(e.pointerId);
  drag = {x: e.offsetX, from, moved: false};
});
canvas.addEventListener('pointermove', e => {
  mouse = {x: e.offsetX, y: e.offsetY};
  if (drag) {
    drag.moved = drag.moved || Math.abs(e.offsetX - drag.x) > 3;
    canvas.classList.toggle('dragged', drag.moved);
    if (drag.moved)
      view(drag.from - (e.offsetX - drag.x) / (width - gutter - right) * (to - from),
        to - from);
  } else if (!kept) {
    moment = Math.max(0, Math.min(end, timeAt(mouse.x)));
  }
  redraw();
});
canvas.addEventListener('pointerup', e => {
  if (drag && !drag.moved) {
    kept = !kept;
    moment = Math.max(0, Math.min(end, timeAt(e.offsetX)));
  }
  drag = null;
  canvas.classList.remove('dragged');
  redraw();
});
canvas.addEventListener('pointercancel', () => { drag = null; });
canvas.addEventListener('pointerleave', () => { mouse = null; redraw(); });
canvas.addEventListener('wheel', e => {
  e.preventDefault();
  if (Math.abs(e.deltaX) > Math.abs(e.deltaY))
    view(from + e.deltaX / width * (to - from), to - from);
  else
    zoom(Math.exp(Math.max(-100, Math.min(100, e.deltaY)) * 0.004),
      timeAt(e.offsetX));
}, {passive: false});

const middle = () => (moment >= from && moment <= to ? moment : (from + to) / 2);
const keys = {
  ArrowLeft: e => (e.shiftKey ? step(-1) : view(from - (to - from) / 8, to - from)),
  ArrowRight: e => (e.shiftKey ? step(1) : view(from + (to - from) / 8, to - from)),
  '+': () => zoom(0.6, middle()),
  '=': () => zoom(0.6, middle()),
  '-': () => zoom(1 / 0.6, middle()),
  0: () => view(0, end),
  v: toViolation,
  Escape: () => { kept = false; redraw(); },
};
window.addEventListener('keydown', e => {
  if (e.ctrlKey || e.metaKey || e.altKey || !keys[e.key])
    return;
  e.preventDefault();
  keys[e.key](e);
});

// -- at first ----------------------------------------------------------------

document.getElementById('title').textContent = run.title;
document.getElementById('subtitle').textContent = run.subtitle;
document.getElementById('whole').onclick = () => view(0, end);
document.getElementById('in').onclick = () => zoom(0.6, middle());
document.getElementById('out').onclick = () => zoom(1 / 0.6, middle());
const jump = document.getElementById('jump');
jump.onclick = toViolation;
jump.hidden = !run.violation;
if (run.violation) {
  const text = document.getElementById('violation');
  text.textContent = `${seconds(run.violation.when)}: ${run.violation.text}`;
  text.hidden = false;
}
// page.html#1.5-2.25@2.1 shows that stretch and that moment, in seconds.
const named = /^#([\d.]+)-([\d.]+)(?:@([\d.]+))?$/.exec(location.hash);
if (named && Number(named[2]) > Number(named[1]))
  view(named[1] * 1e6, (named[2] - named[1]) * 1e6);
if (named && named[3])
  goTo(named[3] * 1e6);

window.addEventListener('resize', () => { resize(); redraw(); });
matchMedia('(prefers-color-scheme: dark)')
  .addEventListener('change', () => { readColors(); redraw(); });
readColors();
resize();
redraw();
