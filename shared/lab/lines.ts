/** Command lines by which somebody asks a server, for the shells of their system. */
export interface Lines {
  get(url: string): string
  /** @param token for a server that wants one (RFC 6750) */
  post(url: string, body: object, token?: string): string
}

export function linesFor(platform: NodeJS.Platform): Lines {
  // PowerShell, in all of its versions: there, and in cmd, quotes in an argument for curl do not arrive.
  if (platform === 'win32') {
    return {
      get: (url) => `Invoke-RestMethod '${url}'`,
      post: (url, body, token) =>
        `Invoke-RestMethod ${url} -Method Post -ContentType application/json -Body '${JSON.stringify(body)}'` +
        (token ? ` -Headers @{ Authorization = 'Bearer ${token}' }` : ''),
    }
  }
  return {
    get: (url) => `curl '${url}'`,
    // Not --json, which curl has since 7.82: the long-lived Linux of many a laptop has an older one.
    post: (url, body, token) =>
      `curl -H 'content-type: application/json' -d '${JSON.stringify(body)}'` +
      `${token ? ` -H 'authorization: Bearer ${token}'` : ''} ${url}`,
  }
}
