#!/usr/bin/perl

# What has just been changed is seen: by who changed it, and by everybody on
# this host from the answer on, be the notice of it late.  Records are written
# behind the zone's back, which is a notice that never comes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use FakeWorker ();
use Test::More;
use Test::Nginx::Local::Server;
use Time::HiRes qw(sleep);

my $dir = fixture();
seed();
redis('SET', 'billing:1:epoch', '1 ready');
worker_start();

my $SLACK = 0.7;        # a person is younger than the team's record for good

$Test::Nginx::Local::Server::WORKERS = 1;
nginx_start(log_level => 'info',
    http_config => "billing_config $dir/billing.json; "
        . 'billing_zone billing 1m; billing_worker off;',
    config => <<'CONF');
    location /gate {
        billing_profile $arg_p@example.test;
        billing_team $arg_t;
        billing_require view;
        billing_cache_ttl 60s;
        try_files /none @ok;
    }
    location /board {
        billing_profile $arg_p@example.test;
        billing_board $arg_b;
        billing_require view;
        billing_cache_ttl 60s;
        try_files /none @ok;
    }
    location @ok {
        add_header X-Said "$billing_status $billing_version";
        return 200;
    }
    location / { billing_api; }
CONF

sub said {
    my ($path, @headers) = @_;
    my ($status, $head, $body) = get($path, headers => \@headers);
    my ($said) = $head =~ /^X-Said: ([^\r\n]*)/m;
    ($said) = $body =~ /"code":\s*"(\w+)"/ if !defined $said;
    return join ' ', $status, $said // '';
}

sub count {
    my (undef, undef, $body) = get('/billing/status?format=json');
    return $body =~ /"fetched":\s*(\d+)/ ? $1 : "none in $body";
}

# A change by somebody on this host, whose answer comes without its notice.

sub change {
    my ($team, $version) = @_;
    worker(qq({"team":"$team","epoch":1,"version":$version}));
    my ($status) = get('/upgrade', method => 'POST', body =>
        '{"team":"paid","plan":"team","seats":3,"period":"monthly",'
        . '"payment":{"method":"card","payment_method":"pm_1"}}',
        headers => [split(/\n/, FakeWorker::logged_in('owner@example.test')),
                    'Idempotency-Key: 0123456789abcdef' . $version]);
    is($status, 200, "version $version of $team is answered");
}

my $soon = int(time) + 86400;
my $version = 1;

sub paid {
    put(team('paid', 'team', 'active', period_end => $soon,
             version => ++$version));
}

my $stranger = '/gate?t=paid&p=new';


# --- who was refused, and refused again --------------------------------------

is(said($stranger), '403 NOT_A_MEMBER', 'a stranger');
sleep $SLACK;
is(said($stranger), '403 NOT_A_MEMBER', 'still one');
my $fetched = count();
is(said($stranger), '403 NOT_A_MEMBER', 'and again') for 1 .. 5;
is(count(), $fetched, 'P30 who is refused costs no question each time');


# --- the actor: the version in the cookie ------------------------------------

put(member('paid', 'new@example.test', 2, version => 1));
paid();
is(said($stranger), '403 NOT_A_MEMBER', 'of which nobody has told');
is(said($stranger, "Cookie: billing_seen=paid:1:$version"),
    "200 PASSED $version", 'P29 who has joined sees it at once');

is(said('/gate?t=paid&p=member'), "200 PASSED $version", 'a member');
sleep $SLACK;
put(member('paid', 'member@example.test', 0, version => 2));
paid();
is(said('/gate?t=paid&p=member', "Cookie: billing_seen=paid:1:$version"),
    "200 PASSED $version", 'who passes is not asked about again');


# --- a guest's rights on a board ---------------------------------------------

my $board = '/board?b=paid2&p=guest';
is(said($board), '403 NOT_A_MEMBER', 'a guest of another board');
sleep $SLACK;
put(access('paid2', 'guest@example.test', 2, version => 1));
paid();
is(said($board, "Cookie: billing_seen=paid:1:$version"),
    "200 PASSED $version", 'P29 a guest let onto a board sees it at once');


# --- everybody else: what an answer says -------------------------------------

my $second = '/gate?t=paid&p=second';
is(said($second), '403 NOT_A_MEMBER', 'another stranger');
sleep $SLACK;
is(said($second), '403 NOT_A_MEMBER', 'still one');
put(member('paid', 'second@example.test', 2, version => 1));
paid();
is(said($second), '403 NOT_A_MEMBER', 'of which nobody has told');
change('paid', $version);
is(said($second), "200 PASSED $version",
    'P29 who was added sees it once the answer is given');

$fetched = count();
change('paid', $version - 1);
is(said($second), "200 PASSED $version", 'an older answer');
change('free', 0);
is(count(), $fetched, 'which nothing is asked for');


# --- without Redis what was known is not forgotten ---------------------------

change('paid', $version + 5);
redis_stop();
is(said($second), "200 STALE $version", 'P27 a change that cannot be asked for');

nginx_stop();

done_testing();
