/*
 * token - JSON Web Tokens, as a backend makes them and as a forger would.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from './process.js';

export const SECRET = 'a secret of the tests, which is long enough';

const pem = { type: 'spki', format: 'pem' };

function keyPair(type, options) {
    const pair = crypto.generateKeyPairSync(type, options);
    return { privateKey: pair.privateKey, publicPem: pair.publicKey.export(pem) };
}

export const rsaPair = () => keyPair('rsa', { modulusLength: 2048 });
export const ecPair = (namedCurve = 'P-256') => keyPair('ec', { namedCurve });
export const edPair = () => keyPair('ed25519');

/** The path of a file with this text, gone when the tests are. */
export function fileOf(text) {
    const file = path.join(temporaryFolder(), 'key.pem');
    fs.writeFileSync(file, text);
    return file;
}

/** Seconds since 1970, so many from now on. */
export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;

const encode = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');

function signatureOf(alg, text, key) {
    if (alg === 'none') return '';
    const hash = alg === 'EdDSA' ? null : `sha${alg.slice(2)}`;
    if (alg.startsWith('HS')) return crypto.createHmac(hash, key).update(text).digest('base64url');
    const dsaEncoding = 'ieee-p1363'; // RFC 7518, 3.4
    return crypto.sign(hash, Buffer.from(text), { key, dsaEncoding }).toString('base64url');
}

/** key: a secret or a private key; header: what it says besides. */
export function sign(claims, { alg = 'HS256', key = SECRET, header = {} } = {}) {
    const text = `${encode({ alg, typ: 'JWT', ...header })}.${encode(claims)}`;
    return `${text}.${signatureOf(alg, text, key)}`;
}

/** A token of this user, good for an hour. */
export const tokenOf = (user) => sign({ sub: user, exp: inSeconds(3600) });

/** The same token with other claims, its signature kept. */
export function withClaims(token, claims) {
    const [header, , signature] = token.split('.');
    return [header, encode(claims), signature].join('.');
}
