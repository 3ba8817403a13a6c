/**
 * The bucket, in Redis: one number under a key, *when it will be full again*, in milliseconds since 2025 on Redis' own
 * clock, which all who share it go by. Read, decided and written in one go, as Redis runs nothing else meanwhile.
 *
 * KEYS: the client's. ARGV: the cost, and the burst, both in milliseconds at the rate.
 * Returns two numbers as texts, for Redis cuts off what is behind the point: what the bucket owes now (ms until it is
 * full), and what it lacked (0: allowed; otherwise ms until it would have had the cost).
 */
export const SCRIPT = `
local time = redis.call('TIME')
local now = (time[1] - 1735689600) * 1000 + time[2] / 1000
local cost, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local fullAt = tonumber(redis.call('GET', KEYS[1]) or now)
-- More than a burst is owed by nobody: the clock was set back, or another Redis with another clock has taken over.
local owed = math.min(math.max(fullAt - now, 0), burst)
local lack = owed + cost - burst
local function keep(ms)
  redis.call('SET', KEYS[1], string.format('%.17g', now + ms), 'PX', math.ceil(ms))
end
if lack > 0.001 then
  if fullAt > now + burst then keep(owed) end
  return { string.format('%.17g', owed), string.format('%.17g', lack) }
end
keep(owed + cost)
return { string.format('%.17g', owed + cost), '0' }
`
