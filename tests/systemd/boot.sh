#!/bin/sh
# Boots systemd in the namespaces that this was started in; nothing of the machine around it is touched or started.
# $1: Python's own folder (its libraries). $2: the checkout. $3: site-packages with what Interlock needs. $4: a folder
# that becomes /var/lib, so that state is seen from outside.
set -eu
mount --make-rprivate /
mount -t proc proc /proc
umount -l /sys/fs/cgroup
mount -t sysfs sysfs /sys # of this network
mount -t cgroup2 cgroup2 /sys/fs/cgroup
umount -l -R /run/netns 2>/dev/null || true # networks of others are not to live as long as this

# /opt first: what is shown there may lie below what is covered next.
mount -t tmpfs -o mode=755 opt /opt
mkdir /opt/python /opt/checkout /opt/packages /opt/lib
mount --bind "$1" /opt/python
mount --bind "$2" /opt/checkout
mount --bind "$3" /opt/packages
mount --bind "$4" /opt/lib

# A copy of /etc, without units and mounts of this machine.
mount -t tmpfs -o mode=755 etc /run
cp -a /etc/. /run/
mount --move /run /etc
rm -rf /etc/systemd /etc/fstab /etc/interlock
mkdir -p /etc/systemd/system
case $1 in
/usr | /usr/*) ;;
*) echo /opt/python/lib >/etc/ld.so.conf.d/0-python.conf && ldconfig ;; # where its own library lies now
esac

# Of systemd's own units the targets, slices and the journal: neither devices nor logins nor mounts.
mount -t tmpfs -o mode=755 units /run
cp -a /usr/lib/systemd/system/*.target /usr/lib/systemd/system/*.slice \
    /usr/lib/systemd/system/systemd-journald*.service /usr/lib/systemd/system/systemd-journald*.socket /run/
mkdir /run/sockets.target.wants
ln -s ../systemd-journald.socket ../systemd-journald-dev-log.socket /run/sockets.target.wants/
umount -l /usr/lib/systemd/system 2>/dev/null || true
mount --move /run /usr/lib/systemd/system
for empty in /usr/lib/systemd/system-generators /run /tmp /var/tmp /var/log /var/cache /root /home; do
    mkdir -p "$empty"
    mount -t tmpfs -o mode=755 empty "$empty"
done
chmod 1777 /tmp /var/tmp
mount --move /opt/lib /var/lib
rmdir /opt/lib

mount -t tmpfs -o mode=755 dev /run
for node in null zero full random urandom tty; do
    touch "/run/$node"
    mount --bind "/dev/$node" "/run/$node"
done
mkdir /run/shm /run/pts /run/mqueue
ln -s /proc/self/fd /run/fd
ln -s pts/ptmx /run/ptmx
mount --move /run /dev
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts

exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=interlock-test \
    /lib/systemd/systemd --system --unit=multi-user.target --log-target=journal --log-level=info --show-status=0
