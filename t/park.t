#!/usr/bin/perl

# Requests that wait: together, abandoned, at the end of a worker, and with a
# body on the way.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use IO::Socket::INET;
use Socket qw(SOL_SOCKET SO_LINGER);
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep time);

my $dir = fixture();
seed();

my $SLACK = $ENV{TEST_NGINX_USE_VALGRIND} ? 3 : 0.35;
my $h2_port = Test::Nginx::Local::Server::free_port();

sub start {
    my (%how) = @_;
    $Test::Nginx::Local::Server::MASTER = $how{master} || 'off';
    $Test::Nginx::Local::Server::CONNECTIONS = 2048;
    my $locations = <<'CONF';
    billing_profile $arg_p@example.test;
    billing_team $arg_t;
    location /gate { billing_require edit; try_files /none @ok; }
    location @ok {
        add_header X-Said "$billing_status $billing_cache";
        return 200 "$request_method $request_body\n";
    }
    location = /fast { return 200 "fast\n"; }
    location = /billing/status { billing_api; }
CONF
    nginx_start(log_level => 'info',
        http_config => "$ENV{TEST_NGINX_BILLING}
            server { listen 127.0.0.1:$h2_port http2; $locations }",
        config => $locations);
}

sub count {
    my ($name) = @_;
    my (undef, undef, $body) = get('/billing/status?format=json');
    return $body =~ /"$name":\s*(\d+)/ ? $1 : "no $name in $body";
}

# What a question after this is about has been fetched: on a machine that is
# busy, a fetch behind a stopped Redis may miss its deadline.

sub warm {
    my ($profile, $team) = @_;
    return until_true(sub {
        (get("/gate?p=$profile&t=$team"))[0] != 503 }, 8);
}

# Of the workers there are.

sub worker_pids {
    return map { /^\s*(\d+) .*worker process/ ? $1 : () }
        split /^/, `ps --ppid @{[nginx_pid()]} -o pid=,args=`;
}

sub connection {
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $Test::Nginx::Local::Server::PORT) || die "connect: $!";
}


# --- together -----------------------------------------------------------------------

start();
ok(until_true(sub { (get('/gate?p=member&t=free'))[0] == 200 }, 5), 'warm');
my $before = count('fetched');
redis_signal('STOP');
my @sockets = map { get('/gate?p=owner&t=paid', async => 1) } 1 .. 100;
sleep 0.05;
redis_signal('CONT');
my @status = map { (Billing::answer($_))[0] } @sockets;
is(scalar(grep { $_ == 200 } @status), 100, 'a hundred misses are answered');
is(count('fetched') - $before, 2, 'by two fetches');


# --- abandoned ----------------------------------------------------------------------

for my $round (1 .. 5) {
    redis_signal('STOP');
    my @gone = map { get("/gate?p=g$_&t=t$round", async => 1) } 1 .. 40;
    sleep 0.03;
    for my $i (0 .. $#gone) {
        setsockopt $gone[$i], SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)
            if $i % 2;
        close $gone[$i];
        redis_signal('CONT') if $i == 20;
    }
    sleep 0.05;
}
ok(until_true(sub { (get('/gate?p=owner&t=business'))[0] == 200 }, 8),
    'clients that leave, by FIN and by RST, before and after the answer');

SKIP: {
    my $curl = `curl --version 2>/dev/null` =~ /HTTP2/;
    skip 'curl without HTTP/2', 2 if !$curl;
    redis_signal('STOP');
    my @pids = map {
        my $n = $_;
        my $pid = fork() // die;
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>', '/dev/null';
            exec 'curl', '-s', '--http2-prior-knowledge', '-m', '0.1',
                map { "http://127.0.0.1:$h2_port/gate?p=h$_&t=h$n" } 1 .. 5;
        }
        $pid;
    } 1 .. 6;
    waitpid $_, 0 for @pids;
    redis_signal('CONT');
    ok(until_true(sub { (get('/gate?p=owner&t=business'))[0] == 200 }, 8),
        'clients of HTTP/2 that leave');
    warm('owner', 'ended');
    like(`curl -s --http2-prior-knowledge "http://127.0.0.1:$h2_port/gate?p=owner&t=ended"`,
        qr/TEAM_EXPIRED/, 'HTTP/2 is refused the same way');
}


# --- bodies -----------------------------------------------------------------------------

sub talk {
    my ($wait, @pieces) = @_;
    my $socket = connection();
    for my $piece (@pieces) {
        syswrite $socket, $piece;
        sleep $wait;
    }
    local $/;
    return scalar <$socket>;
}

my $next = "GET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
my $chunked = "HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

for my $team ('paid', 'ended', 'ended') {
    warm('member', $team);
    my $answer = talk(0.02, "PUT /gate?p=member&t=$team $chunked",
        "5\r\nhel", "lo\r\n", "3\r\n", "abc\r\n0\r\n\r\n", $next);
    my ($first, $second) = $answer =~ m{^HTTP/1.1 (\d+).*HTTP/1.1 (\d+)}s;
    is($first, $team eq 'paid' ? 200 : 403, "a body in chunks, $team");
    is($second, 200, "and the connection goes on, $team");
}

redis_signal('STOP');
my $late = connection();
syswrite $late, "PUT /gate?p=guest&t=ended HTTP/1.1\r\nHost: a\r\n"
    . "Content-Length: 200000\r\n\r\n" . 'x' x 1000;
sleep 0.05;
syswrite $late, 'x' x 100_000;
redis_signal('CONT');
sleep 0.1;
syswrite $late, 'x' x 99_000 . $next;
my $answer = do { local $/; <$late> };
my ($first, $second) = $answer =~ m{^HTTP/1.1 (\d+).*HTTP/1.1 (\d+)}s;
is($first, 403, 'a body that arrives while the request waits');
is($second, 200, 'does not spoil the connection');
nginx_stop();


# --- the end of a worker ------------------------------------------------------------------

start(master => 'on');
ok(until_true(sub { (get('/gate?p=member&t=free'))[0] == 200 }, 5), 'warm');
redis_signal('STOP');
@sockets = map { get('/gate?p=owner&t=late', async => 1) } 1 .. 20;
sleep 0.02;
nginx_signal('HUP');
sleep 0.05;
redis_signal('CONT');
@status = map { (Billing::answer($_))[0] } @sockets;
is(scalar(grep { $_ == 403 } @status), 20,
    'a reload waits for those who wait');
ok(until_true(sub { (get('/gate?p=owner&t=paid'))[0] == 200 }, 5),
    'the new worker serves');

my $failed = 0;
for my $n (1 .. 15) {
    nginx_signal('HUP');
    for (1 .. 5) {
        $failed++ if (get('/gate?p=owner&t=paid'))[0] != 200;
        sleep 0.01;
    }
}
is($failed, 0, 'no request fails over 15 reloads');

# Right after the signal the last one but one may still be the only one.
my %old = map { $_ => 1 } worker_pids();
nginx_signal('HUP');
ok(until_true(sub {
        my @now = worker_pids();
        @now == 1 && !$old{$now[0]} }, 8),
    'the old workers are gone');

redis_signal('STOP');
my $waits = get('/gate?p=payer&t=late', async => 1);
sleep 0.02;
nginx_signal('TERM');
ok(until_true(sub { kill(0, nginx_pid() || -1) <= 0 || !-e
    "$Test::Nginx::Local::Server::ROOT/logs/nginx.pid" }, 5),
    'told to terminate, nginx does not wait');
redis_signal('CONT');
nginx_stop();

done_testing();
