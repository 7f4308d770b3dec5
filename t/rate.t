#!/usr/bin/perl

# The limits that doc/security.md shows: its own lines, in front of the
# interface, keep one address, one person and one reader of documents from
# asking without end, who sends a byte now and then from staying, and nobody
# else.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";

use Billing;
use FakeWorker;
use Test::More;

my $dir = fixture();
worker('{}');

open my $in, '<', "$FindBin::Bin/../doc/security.md" or die $!;
my $page = do { local $/; <$in> };
my ($http, $server) = $page =~
    /^```nginx\n(.*?limit_req_zone.*?)^server \{\n\s+listen\s[^;]+;\n(.*?)^\}\n/ms
    or die 'no example';

is($http =~ s/_timeout\s+\K10s;/1s;/g, 2, 'ten seconds to send a request');
nginx_start(http_config => "$ENV{TEST_NGINX_BILLING}\n$http",
            config => $server);

# GET and POST as somebody: the statuses of so many in a row.

sub statuses {
    my ($times, $method, $where, $who) = @_;
    my $body = $method eq 'GET' ? '' : '{"team":"t1"}';
    my @headers = $who ? split(/\n/, logged_in($who)) : ();
    my %count;
    for (1 .. $times) {
        my ($status, $head, $text) = get($where, method => $method,
            headers => \@headers, body => $body);
        $count{$status}++;
        is($text =~ /"code":"TOO_MANY_REQUESTS"/ ? 1 : 0, 1, 'says why')
            if $status == 429 && $count{429} == 1;
    }
    return %count;
}

my %count = statuses(6, 'GET', '/pricing');
is_deeply([sort keys %count], [200], 'a few in a row are nobody\'s business');

# A person: changes, not looks.  One of more may have been let in meanwhile.

%count = statuses(30, 'POST', '/billing/reactivate', 'ann@example.test');
cmp_ok($count{429} // 0, '>=', 15, 'a person changes so often and no more')
    or diag(explain(\%count));
cmp_ok(30 - ($count{429} // 0), '>=', 5, 'and is let the burst');
%count = statuses(4, 'POST', '/billing/reactivate', 'bob@example.test');
is($count{429} // 0, 0, 'another person is not held up');
%count = statuses(4, 'GET', '/pricing', 'ann@example.test');
is($count{429} // 0, 0, 'nor that one, who only looks');

# Documents: by the hour.

%count = statuses(70, 'GET', '/billing/invoices/INV-2026-000001.pdf',
    'eve@example.test');
cmp_ok($count{429} // 0, '>=', 5, 'a reader gets so many documents an hour')
    or diag(explain(\%count));
cmp_ok(70 - ($count{429} // 0), '>=', 60, 'and not fewer');

# An address, whoever it is: with nothing in between, 200 come too fast.

%count = statuses(400, 'GET', '/billing/overview');
SKIP: {
    skip 'this machine is too slow to be too fast', 1
        if ($count{429} // 0) == 0;
    cmp_ok($count{429}, '>', 0, 'an address asks so often and no more');
}

# Who stops in the middle of a request.

my $body = join '', map { "$_\r\n" } 'Content-Length: 100',
    split /\n/, logged_in('ann@example.test');

for my $case (['head', ''], ['body', "$body\r\n{"]) {
    my ($part, $more) = @$case;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $Test::Nginx::Local::Server::PORT) or die $!;
    print $socket "POST /billing/reactivate HTTP/1.1\r\nHost: localhost\r\n$more";
    local $SIG{ALRM} = sub { die "still there\n" };
    alarm 30;                           # nginx itself waits for 60
    my ($status) = eval { Billing::answer($socket) };
    alarm 0;
    is($@ || $status, 0, "who stops in the $part is let go, without a word");
}

nginx_stop();
done_testing();
