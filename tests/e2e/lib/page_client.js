/*
 * page_client - the page's own client, gateway/web/luchat.js, with the WebSocket of `ws`.
 */
import WebSocket from 'ws';

export { LuChat } from '../../../gateway/web/luchat.js';
export { WebSocket };
