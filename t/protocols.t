#!/usr/bin/perl

# The gate under HTTP/2 with TLS, many streams on one connection, and in front
# of a WebSocket: decided at the handshake, a refused one reaches no upstream.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Digest::SHA ();
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 ();
use POSIX ();
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep);

my $dir = fixture();
seed();

my $tls_port = Test::Nginx::Local::Server::free_port();
my ($socket_port, $upstream) = websockets();

system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    . " -nodes -days 2 -subj /CN=localhost -keyout $dir/tls.key"
    . " -out $dir/tls.crt >/dev/null 2>&1") == 0 or die "openssl: $?";

my $locations = <<"CONF";
    billing_profile \$http_x_profile;
    billing_team \$arg_t;
    add_header X-Verdict "\$billing_status \$billing_plan" always;
    location /view { billing_require view; empty_gif; }
    location /voting { billing_require voting; empty_gif; }
    location /named { billing_require view; try_files /none \@up; }
    location \@up { proxy_pass http://127.0.0.1:$socket_port; }
    location /socket {
        billing_require voting;
        proxy_http_version 1.1;
        proxy_set_header Upgrade \$http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header X-Plan \$billing_plan;
        proxy_pass http://127.0.0.1:$socket_port;
    }
    location /billing/status { billing_api; }
CONF

$Test::Nginx::Local::Server::CONNECTIONS = 2048;
nginx_start(log_level => 'info', http_config => "$ENV{TEST_NGINX_BILLING}
    server { listen 127.0.0.1:$tls_port ssl http2; http2_max_requests 100000;
        ssl_certificate $dir/tls.crt; ssl_certificate_key $dir/tls.key;
        $locations }", config => $locations);

END {
    if ($upstream) {
        local $?;
        kill 'KILL', $upstream;
        waitpid $upstream, 0;
    }
}


# --- WebSocket ----------------------------------------------------------------

# An upstream that answers the handshake and sends every frame back, unmasked;
# it writes down each connection's plan.

sub websockets {
    my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
        LocalPort => 0, Listen => 64) or die "listen: $!";
    my $pid = fork() // die "fork: $!";
    return ($server->sockport, $pid) if $pid;
    $SIG{CHLD} = 'IGNORE';
    while (my $c = $server->accept) {
        next if fork;
        my $head = '';
        $head .= $_ while $head !~ /\r\n\r\n/ && defined($_ = <$c>);
        my ($plan) = $head =~ /^X-Plan: (\w+)/mi;
        open my $out, '>>', "$dir/handshakes";
        print $out(($plan // '-') . "\n");
        close $out;
        my ($key) = $head =~ /^Sec-WebSocket-Key: (\S+)/mi;
        if (!$key || $head !~ /^Upgrade: websocket/mi) {
            print $c "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nup\n";
            POSIX::_exit(0);
        }
        my $accept = MIME::Base64::encode_base64(Digest::SHA::sha1(
            $key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'), '');
        print $c "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n",
            "Connection: Upgrade\r\nSec-WebSocket-Accept: $accept\r\n\r\n";
        while (defined(my $text = frame_read($c))) {
            frame_write($c, $text);
        }
        POSIX::_exit(0);
    }
}

sub frame_read {
    my ($c) = @_;
    read($c, my $head, 2) == 2 or return undef;
    my ($kind, $length) = unpack 'CC', $head;
    return undef if ($kind & 15) == 8;
    my $mask = '';
    read $c, $mask, 4 if $length & 128;
    read($c, my $text, $length & 127) == ($length & 127) or return undef;
    my @mask = unpack 'C*', $mask;
    my $i = 0;
    return @mask ? join('', map { chr(ord($_) ^ $mask[$i++ % 4]) }
        split //, $text) : $text;
}

sub frame_write {
    my ($c, $text, $mask) = @_;
    print $c pack('CC', 129, length($text) | ($mask ? 128 : 0)),
        $mask ? "\0\0\0\0" : '', $text;
    $c->flush;
}

sub handshakes {
    open my $in, '<', "$dir/handshakes" or return '';
    return join ' ', map { chomp; $_ } <$in>;
}

sub handshake {
    my ($team) = @_;
    my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $Test::Nginx::Local::Server::PORT, Timeout => 5) or die;
    print $c "GET /socket?t=$team HTTP/1.1\r\nHost: localhost\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\n",
        "Sec-WebSocket-Version: 13\r\nAccept: text/html, */*\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "X-Profile: owner\@example.test\r\n\r\n";
    my $head = '';
    while (defined(my $line = <$c>)) {
        $head .= $line;
        last if $line eq "\r\n";
    }
    return ($c, $head);
}

my ($c, $head) = handshake('business');
like($head, qr{^HTTP/1\.1 101 }, 'a WebSocket of a paid team is upgraded');
like($head, qr/^Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/m,
    'by the upstream');
is(handshakes(), 'business', 'which is told the plan');
for my $text ('one', 'two', 'x' x 100) {
    frame_write($c, $text, 1);
    is(frame_read($c), $text, 'a frame comes back');
}
is(counters()->{counters}{passed}, 1, 'decided once');

publish(team('business', 'free', 'free', version => 2));
sleep 0.1;
frame_write($c, 'still', 1);
is(frame_read($c), 'still', 'what is open stays open when the plan ends');
close $c;

my ($refused, $said) = handshake('free');
like($said, qr{^HTTP/1\.1 402 }, 'of a Free team it is refused');
unlike($said, qr/^Upgrade:/mi, 'without an upgrade');
is(handshakes(), 'business', 'no upstream hears of it');
close $refused;
my ($late, $now) = handshake('business');
like($now, qr{^HTTP/1\.1 402 }, 'so is the next one after the change');
close $late;
publish(team('business', 'business', 'active', version => 3));
ok(until_true(sub {
    my ($c, $head) = handshake('business'); $head =~ / 101 / }),
    'and none after the plan is back');


# --- HTTP/2 with TLS ----------------------------------------------------------

# One curl, one connection, many streams: [status, HTTP version, verdict] each.

sub streams {
    my ($paths, @options) = @_;
    my $config = join '', map {
        "url = \"https://127.0.0.1:$tls_port$_\"\noutput = /dev/null\n"
    } @$paths;
    spew('streams', $config);
    my $said = qx(curl -sk --no-progress-meter --http2 -Z --parallel-max 200 @options \\
        -H 'X-Profile: owner\@example.test' -K $dir/streams \\
        -w '%{url_effective} %{http_code} %{http_version} %{num_connects}\\n');
    return map { [m{:\d+(\S+) (\d+) (\S+) (\d+)}] } split /\n/, $said;
}

my $before = counters()->{counters};
my @paths = map { my $i = $_; map { "$_&i=$i" } '/view?t=paid',
    '/voting?t=free', '/voting?t=business', '/named?t=paid', '/view?t=none' }
    1 .. 40;
my %wanted = ('/view?t=paid' => 200, '/voting?t=free' => 402,
    '/voting?t=business' => 200, '/named?t=paid' => 200,
    '/view?t=none' => 503);
my @got = streams(\@paths);

is(scalar @got, 200, '200 streams end');
is_deeply([grep { $_->[2] ne '2' } @got], [], 'all of HTTP/2');
is_deeply([grep { my ($p) = $_->[0] =~ /^([^&]+)/; $_->[1] != $wanted{$p} }
    @got], [], 'each with its own verdict')
    or diag join ' ', map { "[@$_]" } @got[0 .. 9];
my $connections = 0;
$connections += $_->[3] for @got;
cmp_ok($connections, '<', 200, 'fewer connections than streams')
    and note "$connections connections";
my $after = counters()->{counters};
is($after->{passed} - $before->{passed}, 120, 'decided once each: passed');
is($after->{refused} - $before->{refused}, 40, 'refused');
is($after->{unknown} - $before->{unknown}, 40, 'unknown');

for my $case (
    ["-X PUT --data-binary \@$dir/streams", 'an upload', 402],
    ['-I', 'HEAD', 402], ["-H 'Accept: text/html'", 'a page', 303])
{
    my ($one) = streams(['/voting?t=free'], $case->[0]);
    is($one->[1], $case->[2], "HTTP/2: $case->[1] is refused");
}

my $text = qx(curl -sk --http2 https://127.0.0.1:$tls_port/voting?t=free \\
    -H 'X-Profile: owner\@example.test' -H 'Accept: text/html' -D -);
like($text, qr{^location: /upgrade\?team=free&reason=FEATURE_MISSING&return=%2Fvoting%3Ft%3Dfree\r$
    |^location:\ https://[^/]+/upgrade\?team=free&reason=FEATURE_MISSING&return=%2Fvoting%3Ft%3Dfree\r$
    }mx, 'HTTP/2: the way to the plans stays on this site');
like(qx(curl -sk --http2 https://127.0.0.1:$tls_port/voting?t=free \\
    -H 'X-Profile: owner\@example.test'), qr/"code":"FEATURE_MISSING"/,
    'HTTP/2: a program gets the problem');

# Streams that are reset while they wait for Redis.

redis_signal('STOP');
my @ends = map { my $p = $_; fork() || do {
    exec "curl -sk --no-progress-meter --http2 -m 0.1 -Z -o /dev/null -o /dev/null "
        . "https://127.0.0.1:$tls_port/view?t=cold$p "
        . "https://127.0.0.1:$tls_port/view?t=cold$p&x "
        . "-H 'X-Profile: owner\@example.test' >/dev/null 2>&1" } } 1 .. 10;
waitpid $_, 0 for @ends;
redis_signal('CONT');
my @last = streams(['/view?t=paid']);
is($last[0][1], 200, 'streams that left while they waited hurt nobody');

nginx_stop();
done_testing();
