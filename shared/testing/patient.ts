/** Parcel's limits out of the way, for its environment: where time is real, and the machine has other things to do. */
export const PATIENT = {
  CARRIER_CONNECT_MS: '9000',
  CARRIER_BODY_MS: '9000',
  CARRIER_HEADERS_MS: '9000',
  CARRIER_CALL_MS: '10000',
  QUOTE_DEADLINE_MS: '30000',
  HANDLER_MS: '40000',
  MAX_WAIT_MS: '20000',
  SHUTDOWN_MS: '60000',
}
