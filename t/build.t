#!/usr/bin/perl

# P65: the module starts in the nginx that it was built for.  Others are made
# out of that one: a copy with another build id, copies with a field of a
# structure elsewhere, as a distribution's patch may leave it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Test::More;
use Test::Nginx::Local::Server;

plan skip_all => 'not under valgrind' if $ENV{TEST_NGINX_USE_VALGRIND};

my ($nginx) = grep { -x } map { "$_/nginx" }
    split(/:/, $ENV{PATH}), '/usr/local/sbin', '/usr/sbin';
my ($id) = split /\n/, `$FindBin::Bin/../tools/build-id $nginx`;

plan skip_all => 'nginx has no build id' if !$id;

my $dir = fixture(no_redis => 1);
my $sanitized = ($ENV{TEST_NGINX_BINARY} || '') =~ m{/sanitize/};

open my $in, '<:raw', $nginx or die "$nginx: $!";
my $bytes = do { local $/; <$in> };

# --- where a symbol of the program stands in its file

sub offset_of {
    my ($symbol) = @_;
    my ($at) = `readelf -W --dyn-syms $nginx`
        =~ /^\s*\d+:\s*([0-9a-f]+)\s.*\s\Q$symbol\E$/m or die "no $symbol\n";
    for (`readelf -Wl $nginx` =~ /^\s+LOAD\s+(.*)$/mg) {
        my ($file, $virtual, undef, $size) = map { hex } (split ' ')[0 .. 3];
        return hex($at) - $virtual + $file
            if hex($at) >= $virtual && hex($at) < $virtual + $size;
    }
    die "$symbol is in no segment\n";
}

# nginx -t of a copy in which some bytes are others.

sub tried {
    my ($directive, $at, $new) = @_;
    my $copy = $bytes;
    substr($copy, $at, length $new) = $new if defined $at;
    spew("$dir/nginx", '', 0755);
    open my $out, '>:raw', "$dir/nginx" or die $!;
    print $out $copy;
    close $out or die $!;
    spew('nginx.conf', join "\n", map({ "load_module $_;" }
        split ' ', $ENV{TEST_NGINX_LOAD_MODULES}),
        "pid $dir/nginx.pid; error_log $dir/error.log;",
        'events {}', "http { access_log off; $directive }");
    spew("$dir/error.log", '');
    local $ENV{LD_PRELOAD} = join ' ', map { `gcc -print-file-name=$_` =~
        s/\n//r } $sanitized ? qw(libasan.so libubsan.so) : ();
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=0:detect_odr_violation=0';
    my $said = `$dir/nginx -t -p $dir -e $dir/error.log -c $dir/nginx.conf 2>&1`;
    return ($? >> 8, $said);
}

sub accepts {
    my ($name, $warns, @how) = @_;
    my ($status, $said) = tried(@how);
    is($status, 0, "$name: starts") or diag($said);
    my $is = $said =~ /was built for another nginx/ ? 'a warning' : 'nothing';
    is($is, $warns ? 'a warning' : 'nothing', "$name: says $is");
}

sub refuses {
    my ($name, $why, @how) = @_;
    my ($status, $said) = tried(@how);
    is($status, 1, "$name: does not start");
    like($said, qr/\[emerg\] .*$why/, "$name: says why");
}

# --- the build

my $id_at = index $bytes, pack 'H*', $id;
my $other = pack 'H*', join '', reverse split //, $id;
my $exact = 'billing_nginx_build exact;';
my $layout = 'billing_nginx_build layout;';

accepts('its own nginx', 0, '');
accepts('its own nginx, exact', 0, $exact);
accepts('its own nginx, layout', 0, $layout);
refuses('P65: another build', qr/was not built for this nginx \(build "/, '',
    $id_at, $other);
refuses('P65: another build, exact', qr/not one of "\Q$id\E"/, $exact,
    $id_at, $other);
accepts('P65: another build that is allowed', 1, $layout, $id_at, $other);
refuses('no such word', qr/invalid value "newest"/,
    'billing_nginx_build newest;');

# --- the structures: the table of headers has name, offset, handler

my $table = offset_of('ngx_http_headers_in');

# Host and User-Agent.
for my $header (0, 6) {
    my $at = $table + $header * 32 + 16;
    my $field = unpack 'Q<', substr $bytes, $at, 8;
    for my $how ('', $layout) {
        refuses("P65: field $header elsewhere" . ($how && ', layout'),
            qr/whose structures are others \("[\w-]+" is at @{[$field + 8]}, /,
            $how, $at, pack 'Q<', $field + 8);
    }
}

done_testing();
