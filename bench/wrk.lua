-- One fixed call; counts answers that are right to the byte, and those that are not.
local threads = {}
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. (os.getenv("KEY") or "none")

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end
wrk.body = read(os.getenv("BENCH_REQUEST"))

function setup(thread) table.insert(threads, thread) end

function init()
  right, wrong, refused = 0, 0, 0
  expected = os.getenv("BENCH_ANSWER") and read(os.getenv("BENCH_ANSWER")) or nil
end

function response(status, _, body)
  if status ~= 200 then refused = refused + 1
  elseif expected and body ~= expected then wrong = wrong + 1
  else right = right + 1 end
end

function done(summary, latency)
  local right, wrong, refused = 0, 0, 0
  for _, thread in ipairs(threads) do
    right = right + thread:get("right")
    wrong = wrong + thread:get("wrong")
    refused = refused + thread:get("refused")
  end
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"seconds": %.6f, "right": %d, "wrong": %d, "refused": %d, "broken": %d, "p50": %.4f, "p99": %.4f}\n',
    summary.duration / 1e6, right, wrong, refused, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
