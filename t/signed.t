#!/usr/bin/perl

# $billing_signed_profile: who a proxy in front of nginx says it is, by a
# header that it signs as doc/directives.md shows; the shell lines there are
# what signs here.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use Digest::SHA qw(hmac_sha256_hex);
use Test::More;
use Test::Nginx::Local::Server;
use Tidy;

my $dir = fixture();
my $SECRET = 'a secret that the proxy and nginx share, no one else';
my $NEXT = 'the one that takes its place when its time has come';

seed();
spew('proxy_key', "$SECRET\n");
spew('next', "$NEXT\n");

sub signature {
    my (%how) = (at => time, method => 'GET', target => '/boards/paid1',
        who => 'Owner@example.test', key => $SECRET, @_);
    $how{at} = int $how{at};
    return "v1 $how{at} $how{who} " . hmac_sha256_hex(
        join("\n", 'v1', @how{qw(at method target who)}), $how{key});
}

nginx_start(http_config => "$ENV{TEST_NGINX_BILLING} "
    . "billing_signed_header X-Billing-Who $dir/proxy_key $dir/next;",
    config => <<'CONF');
    location ~ ^/boards/(?<b>[^/]*)$ {
        billing_profile $billing_signed_profile;
        billing_board $b;
        billing_require view;
        add_header X-Who "[$billing_signed_profile][$billing_signed_profile]" always;
        empty_gif;
    }
    location = /moved { rewrite ^ /boards/paid1 last; }
    location / { billing_api; }
CONF

sub asked {
    my ($header, %how) = @_;
    return asked_as('a signed header', $how{target} || '/boards/paid1',
        method => $how{method} || 'GET',
        headers => [map { "X-Billing-Who: $_" } ref $header ? @$header : $header]);
}

my $OWNER = '200 owner@example.test';
my $WRONG = '401 ; is not signed with our key for this request';

is(asked(signature()), $OWNER, 'as the proxy says');
is(asked(signature()), $OWNER, 'and again');
is(asked([]), '401 ', 'nothing is said');
is(asked(signature(key => $NEXT)), $OWNER, 'with the second key');
is(asked(signature(key => 'x' x 40)), $WRONG, 'with another');
is(asked(signature(who => 'stranger@example.test')),
    '403 stranger@example.test', 'identity only: rights are looked up');

my $other = '/boards/paid1?a=%20b&c';
is(asked(signature(target => $other), target => $other), $OWNER,
    'the query is part of it, as it was sent');
is(asked(signature(), target => $other), $WRONG, 'another query');
is(asked(signature(), target => '/boards/free1'), $WRONG, 'another path');
is(asked(signature(target => '/moved'), target => '/moved'), $OWNER,
    'a rewrite changes nothing of what was signed');
is(asked(signature(target => '/boards/paid1'), target => '/moved'), $WRONG,
    'and is not what was');
is(asked(signature(), method => 'HEAD'), $WRONG, 'another method');
(my $changed = signature()) =~ s/Owner/Other/;
is(asked($changed), $WRONG, 'another person');
is(asked(signature(at => time - 15)), $OWNER, 'half a minute is its time');
is(asked(signature(at => time + 25)), $OWNER, 'of two clocks');
is(asked(signature(at => time - 40)), '401 ; is of another time', 'not more');
is(asked(signature(at => time + 90)), '401 ; is of another time', 'either way');
is(asked(signature(who => 'owner')), '401 ; names nobody by an e-mail address',
    'nobody');

my $form = '401 ; is not "v1 TIME WHO MAC"';
is(asked([(signature()) x 2]), $form, 'two headers are none');
is(asked($_), $form, "no header: $_") for 'x', 'v1 1 a b', 'v2' . substr signature(), 2;
is((get('/dashboard', headers => ['X-Billing-Who: ' . signature(target => '/dashboard')]))[0],
    401, 'the interface knows its own session alone');

# --- the example of doc/directives.md ---------------------------------------------

my ($example) = slurp('doc/directives.md')
    =~ /^### billing_signed_header\n.*?^```sh\n(.*?)^```$/ms;
ok(defined $example, 'the document has an example');
$example =~ s{/etc/nginx/}{$dir/}g;
$example =~ s{https://boards\.example\.test}{http://127.0.0.1:$Test::Nginx::Local::Server::PORT}g;
$example =~ s{\bann\@example\.test}{owner\@example.test}g;
$example =~ s{/boards/b1}{/boards/paid1}g;
spew('example.sh', $example);
like(scalar `sh $dir/example.sh 2>&1`, qr{^HTTP/1\.1 200 .*^X-Who: \[owner\@example\.test\]}ms,
    'it is let in');

nginx_stop();

done_testing();
