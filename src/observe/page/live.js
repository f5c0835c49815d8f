/**
 * The live page: one stream of events in, cards and thumbnails out.
 * @import { Health } from '../health.js'
 * @import { LiveSnapshot, LiveUpdate } from '../live.js'
 */
import { CardWall } from './cards.js';
import { connect } from './connection.js';
import { byId, clock, copyOf, count, duration, figure, rate, setText } from './dom.js';
import { AnomalyViewer } from './viewer.js';

const TICK_MS = 500;
/** A screen reader hears of at most one defect in this time. */
const ANNOUNCE_MS = 5000;

const wall = new CardWall(byId('cameras'));
const viewer = new AnomalyViewer();
let maxPoints = 300;
/** The server's clock minus this one's, ms: ages must be right on a wall screen that is not. */
let skew = 0;
let lastMessage = 0;
let lastAnnounced = 0;
/** @type {Health} */
let health = { live: true, ready: true, state: 'connecting', reasons: [] };
let connected = false;

const serverNow = () => Date.now() + skew;

/** @param {LiveSnapshot} snapshot */
function restart(snapshot) {
  maxPoints = snapshot.limits.points;
  wall.clear();
  viewer.clear();
  viewer.add([], snapshot.limits.anomalies);
  apply(snapshot);
}

/** @param {LiveUpdate} update */
function apply({ now, totals, cameras = [], forgotten = [], anomalies = [], training }) {
  skew = now - Date.now();
  lastMessage = now;
  if (totals !== undefined) showTotals(totals);
  wall.forget(forgotten);
  wall.update(cameras, now, maxPoints);
  viewer.add(anomalies);
  announce(anomalies.at(-1), now);
  if (training !== undefined) showTraining(training);
  showState();
}

/** @param {import('../live.js').LiveTotals} totals */
function showTotals(totals) {
  setText(byId('rate'), rate(totals.framesPerSecond));
  setText(byId('frames'), count(totals.frames));
  setText(byId('anomalies'), count(totals.anomalies));
  setText(byId('rejected'), count(totals.rejected));
  byId('hidden-note').hidden = totals.hidden === 0;
  setText(
    byId('hidden-note'),
    `More cameras deliver than this page shows: ${count(totals.hidden)} frames of theirs are only in the counters, results and metrics.`,
  );
}

/** @param {NonNullable<LiveUpdate['training']>} training */
function showTraining(training) {
  byId('trainings').hidden = training.length === 0;
  byId('training-list').replaceChildren(
    ...training.map(
      ({ name, phase = 'training', step, steps, loss, heldOutAccuracy, etaSeconds }) => {
        const { element, parts } = copyOf('training-template');
        const done = steps > 0 ? step / steps : 0;
        setText(parts.name, name);
        setText(parts.percent, `${Math.floor(done * 100)} %`);
        parts.progress.value = done;
        parts.progress.setAttribute('aria-label', `Training of ${name}`);
        const facts = [phase, `step ${count(step)} of ${count(steps)}`];
        if (loss !== undefined) facts.push(`loss ${figure(loss)}`);
        if (heldOutAccuracy !== undefined)
          facts.push(`held-out accuracy ${Math.round(100 * heldOutAccuracy)} %`);
        if (done < 1 && Number.isFinite(etaSeconds))
          facts.push(`about ${duration(etaSeconds * 1000)} left`);
        setText(parts.facts, facts.join(' · '));
        return element;
      },
    ),
  );
}

/** @param {Health} told */
function showHealth(told) {
  health = told;
  showState();
}

function showState() {
  const state = connected ? health.state : 'offline';
  byId('state').dataset.state = state;
  setText(byId('state-text'), state);
  document.body.classList.toggle('offline', !connected && lastMessage > 0);
  const training = !byId('trainings').hidden;
  byId('empty').hidden = wall.size > 0 || training;
  byId('latest').hidden = wall.size === 0 && byId('strip').childElementCount === 0;
  const waiting = connected && health.ready;
  setText(byId('empty-title'), waiting ? 'Waiting for the first frame' : `Patchline is ${state}`);
  setText(byId('empty-reasons'), connected ? health.reasons.join('; ') : '');
  byId('empty-hint').hidden = !waiting;
  showBanner();
}

function showBanner() {
  const banner = byId('banner');
  const troubled = !health.live || health.state === 'failed' || (!health.ready && wall.size > 0);
  banner.hidden = connected && !troubled;
  banner.dataset.tone = connected && health.live && health.state !== 'failed' ? 'notice' : 'alarm';
  const since = lastMessage === 0 ? '' : ` What you see is from ${clock(lastMessage)}.`;
  const offline = `No connection to Patchline.${since} Trying again…`;
  const reasons = health.reasons.join('; ') || 'no reason given';
  setText(banner, connected ? `Line ${health.state}: ${reasons}` : offline);
}

/** @param {import('../live-anomalies.js').LiveAnomaly | undefined} anomaly @param {number} now */
function announce(anomaly, now) {
  if (anomaly === undefined || now - lastAnnounced < ANNOUNCE_MS) return;
  lastAnnounced = now;
  setText(byId('announcer'), `Defect on ${anomaly.camera} at ${clock(anomaly.at)}`);
}

/** @param {boolean} now */
function setConnected(now) {
  connected = now;
  showState();
}

connect(
  'events',
  { snapshot: restart, update: apply, health: showHealth },
  { found: () => setConnected(true), lost: () => setConnected(false) },
);
setInterval(() => {
  setText(byId('clock'), clock(serverNow()));
  if (connected) wall.tick(serverNow());
}, TICK_MS);
