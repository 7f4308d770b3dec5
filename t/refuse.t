#!/usr/bin/perl

# How a refusal is told: who is led to the plans, who gets a problem document,
# and that the way back is a path of this site, whatever is asked for.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Test::Nginx::Local::Server;

fixture();
seed();

$Test::Nginx::Local::Server::ROOT_LOCATION = 0;
nginx_start(log_level => 'info', http_config => $ENV{TEST_NGINX_BILLING},
    config => <<'CONF');
    billing_profile owner@example.test;
    billing_team free;
    merge_slashes off;
    location / { billing_require voting; empty_gif; }
    location /status-code/ { billing_status_code 451; billing_require voting; empty_gif; }
    location /page/ { error_page 402 /own.html; billing_require voting; empty_gif; }
    location = /own.html { internal; billing_require off; return 402 "ours\n"; }
CONF

my $browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

# One request as its bytes: status, head, body.

sub raw {
    my ($target, @headers) = @_;
    my $c = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $Test::Nginx::Local::Server::PORT, Timeout => 5) or die;
    my $method = $target =~ s/^([A-Z]+) // ? $1 : 'GET';
    print $c "$method $target HTTP/1.1\r\nHost: localhost\r\n",
        "Connection: close\r\n", (map { "$_\r\n" } @headers), "\r\n";
    local $/;
    my $text = <$c> // '';
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    return ((($head // '') =~ m{^HTTP/1\.1 (\d+)})[0] // 0, $head // '',
        $body // '');
}


# --- who is led where ---------------------------------------------------------

my $long = join ',', map { "text/x$_" } 1 .. 600;

for my $case (
    [303, 'a browser', "Accept: $browser"],
    [303, 'capital letters', 'Accept: TEXT/HTML'],
    [303, 'a page before JSON', 'Accept: text/html, application/json'],
    [303, 'a page liked better',
        'Accept: application/json;q=0.5, text/html;q=0.6'],
    [303, 'empty ranges', 'Accept: ,,, ,text/html'],
    [303, 'blanks', "Accept: \t text/html \t;q=1"],
    [303, 'a navigation, says the browser', "Accept: $browser",
        'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'],
    [402, 'a script of a page', "Accept: $browser", 'Sec-Fetch-Mode: cors'],
    [402, 'a script of this site', "Accept: $browser",
        'Sec-Fetch-Mode: same-origin'],
    [402, 'an image', "Accept: $browser", 'Sec-Fetch-Mode: no-cors'],
    [402, 'a WebSocket', "Accept: $browser", 'Upgrade: websocket'],
    [402, 'no Accept'],
    [402, 'an empty one', 'Accept:'],
    [402, 'anything', 'Accept: */*'],
    [402, 'any text', 'Accept: text/*'],
    [402, 'JSON', 'Accept: application/json'],
    [402, 'a problem document', 'Accept: application/problem+json'],
    [402, 'JSON before a page', 'Accept: application/json, text/html'],
    [402, 'JSON liked better', 'Accept: text/html;q=0.5,application/json'],
    [402, 'no page, please', 'Accept: text/html;q=0'],
    [402, 'no page, in digits', 'Accept: text/html;q=0.000'],
    [402, 'a quality from nowhere', 'Accept: text/html;q=9e99'],
    [402, 'a quality below nothing', 'Accept: text/html;q=-1'],
    [402, 'a quality without a number', 'Accept: text/html;q='  . 'x'],
    [402, 'a longer word', 'Accept: text/htmlx'],
    [402, 'a shorter one', 'Accept: text/htm'],
    [402, 'in quotes', 'Accept: "text/html"'],
    [402, 'behind six hundred others', "Accept: $long,text/html"],
    [402, 'ten thousand commas', 'Accept: ' . ',' x 6000 . 'text/html'],
    [402, 'in the name of another header', 'X-Accept: text/html'],
    [402, 'bytes of no language', "Accept: \xff\xfe\x80text/html"],
    [402, 'two, the first counts', 'Accept: */*', 'Accept: text/html'])
{
    my ($wanted, $name, @headers) = @$case;
    my ($status, $head, $body) = raw('/t', @headers);
    is($status, $wanted, $name);
    if ($wanted == 303) {
        like($head, qr{^Cache-Control: no-store\r?$}m, "$name: not kept");
        next;
    }
    like($head, qr{^Content-Type: application/problem\+json}m,
        "$name: a problem document");
    my $problem = eval { JSON::PP::decode_json($body) } || {};
    is($problem->{code}, 'FEATURE_MISSING', "$name: with its code");
}

for my $method (qw(POST PUT DELETE PATCH)) {
    is((raw("$method /t", "Accept: $browser", 'Content-Length: 0'))[0], 402,
        "$method leads nobody anywhere");
}
my ($status, $head, $body) = raw('HEAD /t', "Accept: $browser");
is($status . $body, '402', 'nor does HEAD, which has no body');
($status, $head, $body) = raw('/status-code/t', "Accept: $browser");
is($status, 451, "the operator's status comes first");
unlike($head, qr/^Location/m, 'and leads nowhere');
($status, $head, $body) = raw('/page/t', "Accept: $browser");
is("$status $body", "402 ours\n", "as does the operator's page");


# --- the way back -------------------------------------------------------------

sub back {
    my ($target) = @_;
    my ($status, $head) = raw($target, "Accept: $browser");
    my ($location) = $head =~ /^Location: (.*?)\r?$/m;
    return "status $status" if $status != 303;
    $location =~ m{^http://localhost(?::\d+)?/upgrade\?team=free&reason=FEATURE_MISSING(.*)$}
        or return "elsewhere: $location";
    return $1 if $1 eq '';
    my $value = $1;
    $value =~ /^&return=((?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+)$/
        or return "not encoded: $value";
    return $1 =~ s/%(..)/chr hex $1/ger;
}

for my $case (
    ['/', '/'], ['/t', '/t'], ['/t?a=1&b=2', '/t?a=1&b=2'],
    ['/t?return=//evil.test', '/t?return=//evil.test'],
    ['/t?a=%26team=paid', '/t?a=%26team=paid'],
    ['/t?x=%0d%0aSet-Cookie:%20a=b', '/t?x=%0d%0aSet-Cookie:%20a=b'],
    ['/%0d%0aLocation:%20x', '/%0d%0aLocation:%20x'],
    ['/%5cevil.test', '/%5cevil.test'],
    ["/t?\xc3\xa9", "/t?\xc3\xa9"],
    ["/t?\"<script>'", "/t?\"<script>'"],
    ['/javascript:alert(1)', '/javascript:alert(1)'],
    ['http://evil.test/t', '/t'],
    ['/' . 'x' x 900, '/' . 'x' x 900])
{
    my ($target, $wanted) = @$case;
    (my $name = substr $target, 0, 40) =~ s/[^ -~]/?/g;
    my $got = back($target);
    # Host is the client's own word; where it leads is the client's affair.
    $got =~ s{^elsewhere: http://evil\.test(?::\d+)?/upgrade\?team=free&reason=FEATURE_MISSING&return=%2Ft$}{/t}
        if $target =~ /^http/;
    is($got, $wanted, "back to $name");
}

for my $target ('//evil.test', '///evil.test', '//evil.test/%2f..',
    '/\\evil.test', '/\\/evil.test', '/t\\..\\..', '/.//evil.test',
    '/a/..//evil.test', '/t//x', '/' . 'x' x 2000, '/' . '%20' x 400)
{
    my $got = back($target);
    my $name = substr $target, 0, 40;
    ok($got eq '' || $got =~ /^status 400/, "no way back to $name")
        or diag $got;
}

unlike(error_log(), qr/\[(?:alert|crit)\]/, 'nothing alarms');
nginx_stop();
done_testing();
