#!/usr/bin/perl

# Decide, speak, drive: which folder may use which, read from the includes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../lib";
use Test::More;
use Tidy;

my %may = (
    domain   => [],
    store    => [qw(domain)],
    gateway  => [qw(domain)],
    api      => [qw(domain)],
    document => [qw(domain)],
    http     => [qw(domain store api gateway)],
    worker   => [qw(domain store gateway api document)],
    ctl      => [qw(domain store gateway api document worker)],
);

# Headers from outside.  The domain has a list of what it may use; the others
# of what they must not: sockets, clocks, event loops, databases.

my $domain = qr{^(?:stdint|stdbool|stddef|limits|stdalign|stdnoreturn|iso646
    |string|assert)\.h$}x;
my $sockets = qr{^(?:sys/(?:socket|un|select|epoll|time)|netinet/.*|arpa/.*
    |netdb|poll|time|signal|unistd|fcntl|sqlite3|libpq.*|curl/.*
    |hiredis/.*|ngx_.*)\.h$}x;

my %never = (
    store    => $sockets,
    gateway  => $sockets,
    api      => $sockets,
    document => $sockets,
    http     => qr{^(?:sqlite3|libpq.*|curl/.*|pthread|netdb)\.h$},
    worker   => qr{^(?:ngx_.*|pthread)\.h$},
    ctl      => qr{^ngx_.*\.h$},
);

my @files = files(qr{^src/.*\.[ch]$});
ok(@files > 5, 'there are sources');

for my $file (@files) {
    my ($ring, $sub) = $file =~ m{^src/(\w+)/(.*/)?};
    my @wrong;
    if (!$may{$ring}) {
        fail("$file: no such ring");
        next;
    }
    my %allowed = map { $_ => 1 } $ring, @{ $may{$ring} };
    for my $line (split /\n/, slurp($file)) {
        if ($line =~ /^\s*#\s*include\s+"([^"]+)"/) {
            my $header = $1;
            my ($other) = $header =~ m{^(?:\.\./)+(\w+)/};
            push @wrong, $header if defined $other && !$allowed{$other};
            push @wrong, $header if $ring ne 'http' && $header =~ /ngx_/;
        }
        if ($line =~ /^\s*#\s*include\s+<([^>]+)>/) {
            my $header = $1;
            push @wrong, "<$header>" if $ring eq 'domain'
                ? $header !~ $domain : $header =~ $never{$ring};
        }
    }
    is("@wrong", '', "$file includes only what its ring may use");
}

for my $file (grep { m{^src/domain/} } @files) {
    my $text = bare_c(slurp($file));
    my @wrong = $text =~ /\b(float|double|malloc|calloc|realloc|free|time
        |clock_gettime|printf|fopen)\b(?=\s*\(|\s+\w)/gx;
    is("@wrong", '', "$file: no allocation, clock, output or floating point");
}

for my $file (grep { !m{^src/http/} } @files) {
    my @wrong = bare_c(slurp($file)) =~ /\b((?<!")ngx_\w+)/g;
    is("@wrong", '', "$file: no ngx_ name outside src/http");
}

done_testing();
