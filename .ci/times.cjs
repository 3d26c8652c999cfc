// Prints what every lane took beside its budget and, last, how many passed. A lane has failed that has not run, that has
// no budget, or that took half as much time again.
const { existsSync, readFileSync } = require('node:fs');

const [resultsFile, budgetFile] = process.argv.slice(2);
const budgets = JSON.parse(readFileSync(budgetFile, 'utf8'));
const lines = existsSync(resultsFile) ? readFileSync(resultsFile, 'utf8').trim().split('\n').filter(Boolean) : [];
const ran = new Map(lines.map((line) => line.split('\t')).map(([name, status, seconds]) => [name, { status, minutes: seconds / 60 }]));

function failureOf(result, budget) {
  if (result === undefined) return 'did not run';
  if (result.status !== '0') return 'failed';
  if (budget === undefined) return 'no budget in .ci/budget.json';
  return result.minutes > budget * 1.5 ? 'over its budget by half' : undefined;
}

const names = [...new Set([...Object.keys(budgets), ...ran.keys()])];
const width = Math.max(...names.map((name) => name.length), 4);
console.log(`\n${'lane'.padEnd(width)}  minutes  budget`);
const failures = names.map((name) => {
  const failure = failureOf(ran.get(name), budgets[name]);
  const minutes = ran.get(name)?.minutes.toFixed(1) ?? '-';
  const budget = budgets[name]?.toFixed(1) ?? '-';
  console.log(`${name.padEnd(width)}  ${minutes.padStart(7)}  ${budget.padStart(6)}  ${failure ?? ''}`.trimEnd());
  return failure;
});
const failed = failures.filter((failure) => failure !== undefined).length;
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
