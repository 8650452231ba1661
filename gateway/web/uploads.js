/*
 * uploads - files on their way to the gateway, each with its progress.
 *
 * The gateway tells the channel when a file is there, so nothing is said from here.
 * XMLHttpRequest, since fetch does not say how far an upload is.
 */
import { element } from './messages.js';

const FAILED_SHOWN_MS = 10_000;

const sizeOf = (bytes) =>
    bytes < 1 << 20
        ? `${Math.ceil(bytes / 1024)} KiB`
        : `${(bytes / (1 << 20)).toFixed(1)} MiB`;

function isTypeAllowed(types, type) {
    return types.some((allowed) =>
        allowed.endsWith('*') ? type.startsWith(allowed.slice(0, -1)) : type === allowed,
    );
}

function reasonOf(request) {
    try {
        return JSON.parse(request.responseText).error.message;
    } catch {
        return request.status ? `the gateway answered ${request.status}` : 'no connection';
    }
}

export class Uploads {
    #limits = null; // {max_bytes, types}; null: files are off

    constructor(list) {
        this.list = list;
    }

    get isOn() {
        return this.#limits !== null;
    }

    get accept() {
        return this.#limits?.types.join(',') ?? '';
    }

    setLimits(limits) {
        this.#limits = limits ?? null;
    }

    /** to: what goes into the address: channel, userid. token: null where there is none. */
    send(file, to, token) {
        const type = file.type || 'application/octet-stream';
        const item = element('li');
        item.append(element('span', 'name', file.name));
        this.list.append(item);
        const { max_bytes: most, types } = this.#limits;
        if (file.size === 0) this.#fail(item, 'the file is empty');
        else if (file.size > most) this.#fail(item, `larger than ${sizeOf(most)}`);
        else if (!isTypeAllowed(types, type))
            this.#fail(item, `files of type ${type} are not allowed`);
        else this.#start(item, file, type, to, token);
    }

    #start(item, file, type, to, token) {
        const request = new XMLHttpRequest();
        const bar = element('progress');
        const cancel = element('button', 'small', 'Cancel');
        bar.max = file.size;
        bar.value = 0;
        bar.setAttribute('aria-label', `Sending ${file.name}`);
        cancel.type = 'button';
        cancel.addEventListener('click', () => request.abort());
        item.append(bar, cancel);
        request.upload.addEventListener('progress', ({ loaded }) => (bar.value = loaded));
        request.addEventListener('abort', () => item.remove());
        request.addEventListener('error', () => this.#fail(item, reasonOf(request)));
        request.addEventListener('load', () => {
            if (request.status === 201) item.remove();
            else this.#fail(item, reasonOf(request));
        });
        request.open('POST', `/files?${new URLSearchParams({ ...to, name: file.name })}`);
        request.setRequestHeader('Content-Type', type);
        if (token) request.setRequestHeader('Authorization', `Bearer ${token}`);
        request.send(file);
    }

    #fail(item, reason) {
        const [name] = item.children;
        const error = element('span', 'error', `Not sent: ${reason}`);
        error.setAttribute('role', 'alert');
        item.replaceChildren(name, error);
        setTimeout(() => item.remove(), FAILED_SHOWN_MS);
    }
}
