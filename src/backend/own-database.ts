/** InfluxDB writes its figures about itself into it; they are not replicated. */
export const OWN_DATABASE = "_internal";
