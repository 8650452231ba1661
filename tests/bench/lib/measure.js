/*
 * measure - one scenario on one server, once: started, loaded by parley-bench, stopped.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Process, temporaryFolder } from '../../e2e/lib/process.js';
import { withCluster } from './servers.js';

const top = fileURLToPath(new URL('../../../', import.meta.url));
const BENCH = process.env.PARLEY_BENCH;
const LOAD_MS = 20 * 60 * 1000;

let loads = 0;

const targets = ({ isFloor, protocol }, { nodes }) =>
    isFloor
        ? ['--floor']
        : [
              ...['--protocol', protocol],
              ...nodes.flatMap(({ pid }) => ['--pid', pid]),
              ...nodes.map(({ address }) => address),
          ];

function beginLoad(server, cluster, args) {
    const all = [...args, ...targets(server, cluster)].map(String);
    return new Process(`load-${++loads}`, BENCH, all);
}

/** Runs parley-bench to its end. What it complains of goes to problems; no result is an error. */
async function load(server, cluster, args, problems) {
    const file = path.join(temporaryFolder(), 'result.json');
    const bench = beginLoad(server, cluster, [...args, '--json', file]);
    const { code } = await bench.exit(LOAD_MS);
    if (!fs.existsSync(file)) throw new Error(`${bench} ended with ${code} and no result`);
    const result = JSON.parse(fs.readFileSync(file, 'utf8'));
    if (!result.ok) problems.push(complaint(result));
    return result;
}

function complaint({ problem, totals }) {
    const counts = ['failed', 'closed', 'lost', 'duplicated', 'out_of_order', 'error_replies']
        .filter((name) => totals[name] > 0)
        .map((name) => `${name.replaceAll('_', ' ')} ${totals[name]}`);
    return [...counts, ...(problem ? [problem] : [])].join(', ') || 'parley-bench said no';
}

/** {values, problems}: a figure for each row of the scenario; none if there is no result. */
export async function measure(server, scenario, { seconds, isSmoke }) {
    const problems = [];
    try {
        const values = await withCluster(server, scenario, (cluster) =>
            scenario.run({
                cluster,
                seconds,
                isSmoke,
                load: (args) => load(server, cluster, args, problems),
                begin: (args) => beginLoad(server, cluster, args),
            }),
        );
        return { values: [values].flat(), problems };
    } catch (error) {
        const [reason] = error.message.replaceAll(top, '').split('\n');
        return { values: [], problems: [...problems, reason] };
    }
}
