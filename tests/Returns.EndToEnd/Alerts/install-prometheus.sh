#!/usr/bin/env bash
# Unpacks Prometheus, promtool and Alertmanager from Debian's packages into artifacts/prometheus, where they are missing. Nothing is
# installed: no root is needed, and no service starts. Says one line where it cannot, and does not fail: the tests are then
# skipped by name.
set -u
cd "$(dirname "$0")/../../.."
folder=artifacts/prometheus
[ -x $folder/bin/prometheus ] && [ -x $folder/bin/promtool ] && [ -x $folder/bin/prometheus-alertmanager ] && exit 0

say() { echo "install-prometheus: $1, so no Prometheus and no Alertmanager"; exit 0; }
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || say "apt-get and dpkg-deb are missing"
rm -rf $folder
mkdir -p $folder/bin $folder/packages
cd $folder
download() { (cd packages && apt-get download -qq prometheus prometheus-alertmanager); }
{ download || { [ "$(id -u)" = 0 ] && apt-get update -qq && download; }; } >/dev/null 2>&1 || say "apt-get download failed"
for package in packages/*.deb; do
  dpkg-deb -x "$package" . || say "$package cannot be unpacked"
done
rm -rf packages usr/share/doc

# Debian's Alertmanager looks for its templates at a place that only root can write to. The same name without its first slash is
# one in the folder it is started in.
sed -i 's#/usr/share/prometheus/alertmanager#usr//share/prometheus/alertmanager#g' usr/bin/prometheus-alertmanager
ln -s ../usr/bin/prometheus ../usr/bin/promtool ../usr/bin/amtool bin/
cat >bin/prometheus-alertmanager <<'EOF'
#!/bin/sh
cd "$(dirname "$0")/.." && exec usr/bin/prometheus-alertmanager "$@"
EOF
chmod +x bin/prometheus-alertmanager
