/*
 * certificate - certificates and keys for the tests, made with openssl and signed by themselves.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { spawnSync } from 'node:child_process';
import { temporaryFolder } from './process.js';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

const KINDS = {
    ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    rsa: ['-newkey', 'rsa:2048'],
};

/** {cert, key}: files with a certificate for 127.0.0.1 whose common name is the given one. */
export function makeCertificate(name, kind = 'ec') {
    const folder = temporaryFolder();
    const cert = path.join(folder, 'cert.pem');
    const key = path.join(folder, 'key.pem');
    const { status, stderr } = spawnSync('openssl', [
        ...['req', '-x509', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
        ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
        ...KINDS[kind],
    ]);
    assert.equal(status, 0, String(stderr));
    return { cert, key };
}
