#!/bin/sh
# What a rented machine does when it is switched on. Its settings are in /testbed, which only the testbed writes.
for home in /root /home/*; do
    mkdir -p "$home/.ssh"
    cp /testbed/authorized_keys "$home/.ssh/authorized_keys"
    chmod 700 "$home/.ssh"
    chmod 600 "$home/.ssh/authorized_keys"
    chown -R --reference="$home" "$home/.ssh"
done
cp /testbed/ssh_host_* /etc/ssh/
chmod 600 /etc/ssh/ssh_host_*_key
mkdir -p /run/sshd /etc/docker

# The containers' cgroups lie beneath this machine's own: what pauses or ends it, pauses or ends them.
own=$(sed -n 's/^[0-9]*:freezer://p' /proc/self/cgroup)
parent=${own:+", \"cgroup-parent\": \"$own/containers\""}
[ -e /etc/docker/daemon.json ] || echo "{\"mtu\": $(cat /sys/class/net/eth0/mtu)$parent}" > /etc/docker/daemon.json

rm -rf /run/docker.pid /run/docker-ssd.pid /run/docker
end() {
    [ ! -x /etc/init.d/docker ] || service docker stop
    exit 0
}
trap end TERM
[ ! -x /etc/init.d/docker ] || service docker start
[ ! -x /etc/init.d/cron ] || service cron start
/usr/sbin/sshd -D -e &
wait $!
end
