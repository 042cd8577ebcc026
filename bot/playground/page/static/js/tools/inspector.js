/* What lies behind the page: payloads, the ledger, the gateway's keys. Three tabs of the dock. */

import { GatewayKeys, Labels } from "./gatewaykeys.js";
import { Ledger } from "./ledger.js";
import { Payloads } from "./payloads.js";

/** Fill the three panels; each answer opens and closes with its tab. */
export function mountInspector({ payloads, ledger, keys }, app) {
  const labels = new Labels();
  return {
    payloads: new Payloads(payloads, app),
    ledger: new Ledger(ledger, app, labels),
    keys: new GatewayKeys(keys, app, labels),
  };
}
