# A stopwatch that all on a path have in common. Ruby needs no file of tina4: this is
# what tina4-handler(7) tells, line by line.
#
#     tina4 worker --exec "ruby stopwatch.rb"
#
# Clients connect to /ws/stopwatch/{name} and send start, stop or look.
require 'json'

$stdout.sync = true
started = {} # of each path: when
elapsed = Hash.new(0.0)

now = -> { Process.clock_gettime(Process::CLOCK_MONOTONIC) }

$stdin.each_line do |line|
  event = JSON.parse(line)
  path = event['path']
  answer = { id: event['id'], commands: [] }

  if event['event'] == 'routes'
    answer = { routes: [{ route: '/ws/stopwatch/{name}' }] }
  elsif event['event'] == 'message'
    case event['text']
    when 'start'
      started[path] ||= now.call
    when 'stop'
      elapsed[path] += now.call - started.delete(path) if started[path]
    end
    seconds = elapsed[path] + (started[path] ? now.call - started[path] : 0)
    said = JSON.generate(type: 'stopwatch', running: started.key?(path), seconds: seconds.round(2))
    answer[:commands] << { command: event['text'] == 'look' ? 'send' : 'broadcast', text: said }
  end
  puts JSON.generate(answer)
end
