"""The script that a server runs each minute: what is due is started, and what has ended is written down.

A constant of POSIX sh, kept in the root folder and run by the system's own timer. It reads `apps/*/current` and, of the
release that serves, `schedules/NAME.sh`: so nothing has to be told when a release is switched to, or back from.
"""

from webduh_console.targets.server.files import LOCKING, WRITING

MATCHING = r"""
offset() { # sets off to how many seconds the zone is ahead of UTC at $1
  off=0
  [ "$zone" != UTC ] || return 0
  off=$(TZ=$zone date -d "@$1" +%z) || return 1
  ahead=${off%????} off=${off#?}
  hh=${off%??} mm=${off#??}
  off=$((${ahead}1 * (${hh#0} * 3600 + ${mm#0} * 60)))
}
offsets() { # sets, for the zone at $1: its offset, the one a minute before, and whether it was that time there before
  [ "$zone $1" != "$known" ] || return 0
  offset $(($1 - 10800)) || return 1
  early=$off
  offset $(($1 - 60)) || return 1
  before=$off
  offset "$1" || return 1
  ahead_now=$off twice=
  if [ "$early" -gt "$ahead_now" ]; then
    offset $(($1 - (early - ahead_now)))
    [ "$off" -ne "$early" ] || twice=1
  fi
  known="$zone $1"
}
matches() { # whether the wall clock $1, in seconds since 1970 there, is one of its times
  minute=$(($1 / 60 % 60)) hour=$(($1 / 3600 % 24)) date=$(($1 / 86400))
  case $minutes in *" $minute "*) ;; *) return 1 ;; esac
  case $hours in *" $hour "*) ;; *) return 1 ;; esac
  weekday=$(((date + 4) % 7))
  date=$((date + 719468))
  doe=$((date % 146097))
  yoe=$(((doe - doe / 1460 + doe / 36524 - doe / 146096) / 365))
  doy=$((doe - (365 * yoe + yoe / 4 - yoe / 100)))
  mp=$(((5 * doy + 2) / 153))
  day=$((doy - (153 * mp + 2) / 5 + 1)) month=$((mp < 10 ? mp + 3 : mp - 9))
  case $months in *" $month "*) ;; *) return 1 ;; esac
  d= w=
  case $days in *" $day "*) d=1 ;; esac
  case $weekdays in *" $weekday "*) w=1 ;; esac
  if [ "$either" ]; then [ "$d$w" ]; else [ "$d" ] && [ "$w" ]; fi
}
due() { # whether it is due in the minute that begins at $1
  offsets "$1" || return 1
  if [ "$fixed" ] && [ "$ahead_now" -gt "$before" ]; then # the clock was put forward: what was skipped is due now
    wall=$(($1 + before))
    while [ "$wall" -lt $(($1 + ahead_now)) ]; do
      ! matches "$wall" || return 0
      wall=$((wall + 60))
    done
  fi
  [ -z "$fixed" ] || [ -z "$twice" ] || return 1 # it was put back: what comes twice was done the first time
  matches $(($1 + ahead_now))
}
"""
"""Functions over a schedule's variables, as `scheduling.rendered` writes them."""

_RUNNING = r"""
iso() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }
plain() { printf '%s' "$1" | tr '\n' ' ' | tr -cd '\040-\176' | sed 's/["\\]/\\&/g'; }
instance_in() { sed -n 's/.*"instance":"\([^"]*\)".*/\1/p' "$1"; }
keep_line() { # $2 is a line of the history of $1; of one that has grown long the older half goes
  append "$1.jsonl" "$2" || return 1
  [ "$(wc -l <"$1.jsonl")" -gt 1000 ] || return 0
  tail -n 500 "$1.jsonl" >".$1.jsonl.new" && place "$1.jsonl"
}
ended() { # the run of $1 has ended: $2 its outcome, $3 the time, $4 its code or nothing, $5 why
  line=$(cat "$1.running")
  line=$(printf '%s' "${line%\}}" | sed "s/\"outcome\":\"running\"/\"outcome\":\"$2\"/")
  line="$line,\"ended\":\"$3\"${4:+,\"code\":$4},\"why\":\"$(plain "$5")\"}"
  grep -qF "\"$(instance_in "$1.running")\"" "$1.jsonl" 2>/dev/null || keep_line "$1" "$line" || return 1
  rm -f "$1.running"
}
look() { # write down what has ended, and end what takes too long
  for mark in *.running; do
    [ -e "$mark" ] || continue
    own=${mark%.running} name=$(instance_in "$mark") over=
    asked='{{.State.Status}} {{.State.ExitCode}} {{.State.FinishedAt}} {{.State.OOMKilled}}'
    asked="$asked {{index .Config.Labels \"webduh.timeout\"}}"
    said=$("$docker" inspect --type container --format "$asked" "$name" 2>&1) || case $said in
      *'o such '*) ended "$own" lost "$(iso "$time")" '' 'its container is gone'; continue ;;
      *) continue ;; # Docker does not answer: it is asked again
    esac
    limit=${said##* } status=${said%% *}
    if [ "$status" != exited ] && [ "$status" != dead ] && [ "$status" != created ]; then
      [ "${limit:-0}" -gt 0 ] && [ $((time - ${name##*-})) -ge "$limit" ] || continue
      "$docker" stop -t 10 "$name" >/dev/null || continue
      over=1
      said=$("$docker" inspect --type container --format "$asked" "$name") || continue
    fi
    set -- $said
    outcome=failed why=
    [ "$2" != 0 ] || outcome=done
    [ "$4" != true ] || why='out of memory'
    [ -z "$over" ] || outcome=timeout
    if [ "$status" = created ]; then outcome=lost why='it was never started'; set -- created '' "$(iso "$time")"; fi
    ended "$own" "$outcome" "$3" "$2" "$why"
    "$docker" ps -a --filter "label=webduh.slug=$slug" --filter "label=webduh.schedule=$own" --filter status=exited \
      --filter status=created --format '{{.Names}}' | tail -n +4 |
      while read -r old; do "$docker" rm "$old" >/dev/null; done
  done
}
begin() { # start a run of the schedule that was read: $1 is when it is due, $2 who asks
  mine="{\"schedule\":\"$own\",\"at\":\"$(iso "$1")\",\"outcome\":\"running\""
  mine="$mine,\"release\":$release,\"trigger\":\"$(plain "$2")\""
  if [ -e "$own.running" ]; then
    [ "$2" = schedule ] || { cat "$own.running"; return 75; }
    going=$(instance_in "$own.running")
    skipped=$(printf '%s' "$mine" | sed 's/"outcome":"running"/"outcome":"skipped"/')
    keep_line "$own" "$skipped,\"why\":\"$going still ran\"}"
    return 75
  fi
  stamp=$(date +%s)
  while grep -qF "\"$stem-$stamp\"" "$own.jsonl" 2>/dev/null; do stamp=$((stamp + 1)); done
  run=$stem-$stamp
  printf '%s\n' "$mine,\"started\":\"$(iso "$stamp")\",\"instance\":\"$run\"}" >".$own.running.new"
  place "$own.running" || return 74
  said=$(start </dev/null 2>&1 >/dev/null 8>&- 9>&-) && return 0
  "$docker" rm -f "$run" >/dev/null 2>&1
  why=$(printf '%s\n' "$said" | grep -v '^ *$' | grep -v "^See 'docker\|^Run 'docker" | head -n 1 | cut -c 1-400)
  ended "$own" failed "$(iso "$(date +%s)")" '' "$why"
  printf '%s\n' "$why" >&2
  return 70
}
enter() { # in the folder of what is known of the runs of app $1, alone there; fails when nothing may be started
  slug=$1
  cd "$root/apps/$slug" || return 1
  release=$(cat current 2>/dev/null)
  mkdir -p schedules && cd schedules && lock || return 1
  look
  [ "$release" ] && [ ! -e off ]
}
each() { # start the schedule of file $1 if it is due
  own=${1##*/}
  own=${own%.sh}
  . "$1"
  [ "$zone" = UTC ] || [ -e "/usr/share/zoneinfo/$zone" ] || { echo "$slug: there is no zone $zone" >&2; return 0; }
  at= next=$((since + 60))
  while [ "$next" -le "$now" ]; do
    ! due "$next" || at=$next
    next=$((next + 60))
  done
  [ -z "$at" ] || begin "$at" schedule
}
tick() {
  any=
  for path in apps/*--*--*/releases/*/schedules apps/*--*--*/schedules/*.running; do [ ! -e "$path" ] || any=1; done
  [ "$any" ] || { [ ! -e schedules.last ] || rm -f schedules.last; exit 0; } # none has any
  exec 8>>schedules.lock
  ! command -v flock >/dev/null 2>&1 || flock -n 8 || exit 0
  last=$(cat schedules.last 2>/dev/null)
  case $last in '' | *[!0-9]*) last=$((now - 60)) ;; esac
  if [ "$last" -ge "$now" ] && [ "$last" -lt $((now + 10800)) ]; then
    since=$now # the clock was put back: nothing is run twice
  else
    since=$last
    [ "$last" -lt "$now" ] && [ $((now - last)) -le 600 ] || since=$((now - 60)) # what is long past is not made up for
    printf '%s\n' "$now" >.schedules.last.new && mv -f .schedules.last.new schedules.last || exit 74
  fi
  for folder in apps/*--*--*/; do
    folder=${folder%/}
    going=
    for mark in "$folder"/schedules/*.running; do [ ! -e "$mark" ] || going=1; done
    of="$folder/releases/$(cat "$folder/current" 2>/dev/null)/schedules"
    [ "$going" ] || { [ -f "$folder/current" ] && [ -d "$of" ]; } || continue
    (
      enter "${folder#apps/}" || exit 0
      for file in "$root/$of"/*.sh; do [ ! -e "$file" ] || (each "$file") || :; done
    )
  done
}
by_hand() { # $1 slug, $2 name, $3 who
  [ -f "apps/$1/current" ] || exit 73
  enter "$1" || exit 73
  file=$root/apps/$1/releases/$release/schedules/$2.sh own=$2
  [ -f "$file" ] || exit 73
  . "$file"
  begin "$time" "$3" || exit $?
  cat "$own.running"
}
"""

TICK = (
    "# Written by webduh: started each minute, it runs the schedules of the apps here.\n"
    + r"""
# Words: root; tick or run; the time in seconds since 1970 (else it is now); of run: slug, schedule, who.
LC_ALL=C; export LC_ALL
umask 007
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin
docker=$(command -v docker) || exit 69
root=$1 act=$2 time=${3:-$(date +%s)}
known= now=$((time - time % 60))
[ -d "$root" ] || exit 72
cd -- "$root" || exit 77
"""
    + WRITING
    + LOCKING
    + MATCHING
    + _RUNNING
    + r"""
case $act in
tick) tick ;;
run) by_hand "$4" "$5" "$6" ;;
esac
"""
)
RUNS, NO_SUCH, NOT_STARTED = 75, 73, 70
"""Its exit codes for `run`: one goes on; there is no such schedule; Docker refused."""

NAME = "schedules.sh"
"""The script's file in the root folder."""
