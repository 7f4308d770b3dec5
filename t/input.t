#!/usr/bin/perl

# Bad input at the gate (reliability.md 5.1, 5.4 and 5.5, by row): one verdict
# per person and board however the request is spelled, and nginx lives.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use IO::Socket::INET;
use Test::More;

fixture();
seed();

nginx_start(log_level => 'info', http_config => $ENV{TEST_NGINX_BILLING},
    config => <<'CONF');
    location ~ ^/boards/(?<b>[^/]*)$ {
        billing_profile $http_x_profile;
        billing_board $b;
        billing_require auto;
        add_header X-Verdict "$billing_status $billing_reason" always;
        try_files /none @app;
    }
    location @app {
        add_header X-Verdict "$billing_status $billing_reason" always;
        return 200 "ok\n";
    }
    location = /cookie { billing_team paid; billing_require view;
        try_files /none @app; }
    location = /billing/status { billing_api; }
    location / { return 404; }
CONF

my $OWNER = "X-Profile: owner\@example.test\r\n";

# The status of each answer on one connection.

sub raw {
    my ($bytes) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $Test::Nginx::Local::Server::PORT, Timeout => 5)
        or return 'no connection';
    local $SIG{PIPE} = 'IGNORE';
    print $socket $bytes;
    $socket->flush;
    local $/;
    my $text = <$socket> // '';
    return wantarray ? ($text =~ m{HTTP/1\.1 (\d+)}g) : $text;
}

sub asks {
    my ($target, %how) = @_;
    my $method = $how{method} || 'GET';
    my $host = $how{host} // "Host: localhost\r\n";
    return "$method $target HTTP/1.1\r\n$host" . ($how{who} // $OWNER)
        . ($how{more} // '') . "Connection: close\r\n\r\n" . ($how{body} // '');
}

sub gives {
    my ($name, $bytes, @expected) = @_;
    my @seen = raw($bytes);
    is("@seen", "@expected", $name);
}

# --- 5.1 request line, path, method ---------------------------------------------

gives('5.1 row 1: a path with dots is the path without', asks($_), 200)
    for '/x/../boards/paid1', '/boards/./paid1', '//boards//paid1',
        '/boards/x/%2e%2e/paid1', '/boards/secret/../paid1',
        '/boards/secret%2f..%2fpaid1';
gives("5.1 row 1: $_ is one name, of no board", asks("/boards/$_"), 404)
    for 'free1%5cpaid1', 'paid1;x=y', 'paid1%20';
gives('5.1 row 2: a NUL in the path', asks('/boards/paid1%00'), 400);
gives('5.1 row 2: a bare control byte', asks("/boards/pa\x01id1"), 400);
gives('5.1 row 2: overlong UTF-8', asks('/boards/%c0%ae%c0%ae'), 404);
gives('5.1 row 3: absolute form, another host, the same verdict',
    asks('http://elsewhere.test/boards/free2', method => 'PUT',
        more => "Content-Length: 0\r\n"), 403);
gives('5.1 row 3: *', asks('*', method => 'OPTIONS'), 400);
gives('5.1 row 3: authority form', asks('localhost:80'), 400);
gives('5.1 row 4: an override of the method is not read',
    asks('/boards/free2', more => "X-HTTP-Method-Override: PUT\r\n"), 200);
gives('5.1 row 4: a made-up method edits', asks('/boards/free2',
    method => 'LOOKAT'), 403);
gives("5.1 row 5: board $_", asks("/boards/$_"), 404)
    for '%D9%A1', 'x' x 65, 'x' x 4000;
gives('5.1 row 6: 32 KB of path', asks('/boards/' . 'a' x 32768), 414);
gives('5.1 row 6: 2,000 segments', asks('/boards' . '/a' x 2000), 404);
gives('5.1 row 8: pipelined, each its own verdict', join('',
    "GET /boards/paid1 HTTP/1.1\r\nHost: a\r\n$OWNER\r\n",
    "PUT /boards/free2 HTTP/1.1\r\nHost: a\r\n${OWNER}Content-Length: 1\r\n\r\nx",
    asks('/boards/paid1', who => '')), 200, 403, 401);
gives('5.1 row 8: in chunks', asks('/boards/free2', method => 'PUT',
    more => "Transfer-Encoding: chunked\r\n", body => "1\r\nx\r\n0\r\n\r\n"), 403);

my $fetched = counters()->{counters}{fetched};
raw(asks($_)) for '/boards/paid1', '/boards/%70aid1', '/boards/p%61id%31';
is(counters()->{counters}{fetched}, $fetched, '5.1 row 9: one entry for all spellings');

# --- 5.4 cookies ------------------------------------------------------------------

gives("5.4 row 2: cookies that are none, $_", asks('/cookie', who => '',
    more => "Cookie: $_\r\n"), 401)
    for '', ';', '=', '=x', 'billing_session', 'billing_session=',
        'billing_session="a;b"', ';;;;billing_session=;', 'a' x 7000,
        join('; ', map { "a$_=b" } 1 .. 300);

# --- 5.5 headers -------------------------------------------------------------------

gives("5.5 row 1: $_ does not say who asks", asks('/cookie', who => '',
    more => "$_: owner\@example.test\r\n"), 401)
    for 'X-User-Id', 'X_User_Id', 'X-Forwarded-For', 'Forwarded', 'X-Profile';
gives("5.5 row 2: $_", asks('/boards/paid1', method => 'PUT',
    more => "$_\r\n", body => "0\r\n\r\n"), 400)
    for "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Content-Length: 3\r\nContent-Length: 4", 'Content-Length: -1',
        'Content-Length: 99999999999999999999999';
gives("5.5 row 3: $_", asks('/boards/paid1', host => $_), 400)
    for '', "Host: a\r\nHost: b\r\n", "Host: a b/c\r\n",
        "Host: a..b\r\n";
gives('5.5 row 4: 100 headers of 8 KB', asks('/boards/paid1',
    more => join '', map { "X-A$_: " . 'b' x 8000 . "\r\n" } 1 .. 100), 400);
gives('5.5 row 4: 20,000 tiny ones', asks('/boards/paid1',
    more => "a:b\r\n" x 20000), 400);
gives('5.5 row 5: a NUL in a value', asks('/boards/paid1',
    more => "X-A: a\0b\r\n"), 400);
gives('5.5 row 6: Accept-Language of a thousand ranges', asks('/boards/free1',
    method => 'PUT', more => 'Accept-Language: '
        . join(',', map { "x$_;q=9e99" } 1 .. 500) . "\r\nContent-Length: 0\r\n"), 403);
gives('5.5 row 8: no header removes who asks', asks('/boards/free2',
    method => 'PUT', more => "Connection: X-Profile, close\r\nProxy: x\r\n"
        . "Upgrade: h2c\r\nContent-Length: 0\r\n"), 403);
gives('5.5 row 9: escapes in a profile are no profile', asks('/boards/paid1',
    who => "X-Profile: \e[31mowner\@example.test\r\n"), 401);
gives('5.5 row 11: TE and trailers', asks('/boards/paid1',
    more => "TE: trailers, deflate;q=0.5\r\nTrailer: X-Profile\r\n"), 200);

like(join('', map { "$_\n" } grep { /billing:.*[\e\x01]/ } split /\n/, error_log()), qr/\A\z/,
    '5.5 row 9: nothing of it in the log as it came');
nginx_stop();

done_testing();
