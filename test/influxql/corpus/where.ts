import { type Entry, reading } from "../corpus-entry.ts";

export const WHERE: readonly Entry[] = [
  ...reading(
    "where",
    "rows",
    String.raw`
SELECT amount FROM orders WHERE customer_id = 'acme'
SELECT amount FROM orders WHERE 'acme' = customer_id
SELECT amount FROM orders WHERE "customer_id" = 'acme'
SELECT amount FROM orders WHERE customer_id::tag = 'acme'
SELECT amount FROM orders WHERE (customer_id = 'acme')
SELECT amount FROM orders WHERE ((customer_id) = ('acme'))
SELECT amount, customer_id FROM orders WHERE customer_id != 'acme' LIMIT 20
SELECT amount, customer_id FROM orders WHERE customer_id <> 'acme' LIMIT 20
SELECT amount, customer_id FROM orders WHERE customer_id = ''
SELECT amount, customer_id FROM orders WHERE customer_id != '' LIMIT 20
SELECT amount, customer_id FROM orders WHERE customer_id =~ /^acme/
SELECT amount, customer_id FROM orders WHERE customer_id !~ /^acme/ LIMIT 20
SELECT amount, customer_id FROM orders WHERE customer_id =~ /.*/ LIMIT 20
SELECT amount, customer_id FROM orders WHERE customer_id =~ /.+/ LIMIT 20
SELECT amount, customer_id FROM orders WHERE customer_id !~ /.+/
SELECT amount, customer_id FROM orders WHERE customer_id =~ /^$/
SELECT amount, customer_id FROM orders WHERE customer_id =~ /^(acme|beta)$/
SELECT amount, customer_id FROM orders WHERE customer_id =~ /(?i)ACME/
SELECT amount, customer_id FROM orders WHERE customer_id = 'acme' OR customer_id = 'beta'
SELECT amount, customer_id FROM orders WHERE customer_id = 'acme' or customer_id = 'beta' and region = 'eu'
SELECT amount, customer_id FROM orders WHERE (customer_id = 'acme' OR customer_id = 'beta') AND region = 'eu'
SELECT amount, customer_id FROM orders WHERE region = 'eu' AND (customer_id = 'acme' OR (customer_id = 'beta' AND qty > 10))
SELECT amount, customer_id FROM orders WHERE customer_id = 'acme' AND customer_id != 'beta'
SELECT amount, customer_id FROM orders WHERE customer_id = 'ecö, ltd=1'
SELECT amount, product FROM orders WHERE product = 'pear, ripe=1' LIMIT 5
SELECT amount, product FROM orders WHERE product = 'Äpfel' LIMIT 5
SELECT amount, product FROM orders WHERE product =~ /^Ä/ LIMIT 5
SELECT amount, region FROM orders WHERE region = '' LIMIT 5
SELECT amount FROM orders WHERE amount > 900
SELECT amount FROM orders WHERE 900 < amount
SELECT amount FROM orders WHERE amount >= 900.5 AND amount <= 950
SELECT amount, qty FROM orders WHERE qty = 7
SELECT amount, qty FROM orders WHERE qty = 7.0
SELECT amount, qty FROM orders WHERE qty != 7 LIMIT 20
SELECT amount, qty FROM orders WHERE qty <> 7 LIMIT 20
SELECT amount, paid FROM orders WHERE paid = true LIMIT 20
SELECT amount, paid FROM orders WHERE paid != TRUE LIMIT 20
SELECT amount, paid FROM orders WHERE paid = False LIMIT 20
SELECT amount, ref FROM orders WHERE ref = 'R-10'
SELECT amount, ref FROM orders WHERE ref != 'R-10' LIMIT 10
SELECT amount, ref FROM orders WHERE ref =~ /R-1\d+/
SELECT amount, ref FROM orders WHERE ref !~ /R-1\d+/ LIMIT 10
SELECT amount, ref FROM orders WHERE ref = '' OR amount > 950
SELECT amount FROM orders WHERE qty = 3 LIMIT 5
SELECT ref FROM orders WHERE amount > 500
SELECT amount, qty FROM orders WHERE amount > qty * 100
SELECT amount, qty FROM orders WHERE amount + qty > 1000
SELECT amount, qty FROM orders WHERE (amount / 2) - 1 > 480
SELECT amount, qty FROM orders WHERE qty % 5 = 0 LIMIT 20
SELECT amount, qty FROM orders WHERE qty & 1 = 1 LIMIT 20
SELECT amount, qty FROM orders WHERE -qty < -15
SELECT amount FROM orders WHERE amount > -1 LIMIT 5
SELECT amount FROM orders WHERE customer_id = 'acme' AND amount > 500 OR customer_id = 'beta' AND amount < 100
SELECT amount FROM orders WHERE amount > 990 OR amount < 10 OR qty = 19 AND paid = true
SELECT amount, customer_id FROM orders WHERE customer_id != region LIMIT 10
SELECT amount FROM orders WHERE time >= '2024-03-10T00:00:00Z' AND time < '2024-03-10T06:00:00Z'
SELECT amount FROM orders WHERE time >= '2024-03-10' AND time < '2024-03-11'
SELECT amount FROM orders WHERE time >= '2024-03-10 00:00:00' AND time < '2024-03-10 06:00:00.5'
SELECT amount FROM orders WHERE time > 1710028800000000000 AND time < 1710050400000000000
SELECT amount FROM orders WHERE time > 1710028800s AND time < 1710050400s
SELECT amount FROM orders WHERE time > 1710028800000ms AND time < 1710050400000000u
SELECT amount FROM orders WHERE time > 28500480m AND time < 475014h
SELECT amount FROM orders WHERE time >= '2024-03-10T00:00:00Z' AND time < '2024-03-10T00:00:00Z' + 6h
SELECT amount FROM orders WHERE time >= '2024-03-10T00:00:00Z' - 1d AND time < '2024-03-10T00:00:00Z' - 20h
SELECT amount FROM orders WHERE time >= 1710028800s - 1h AND time <= 1710028800s + 1h30m
SELECT amount FROM orders WHERE '2024-03-12T20:00:00Z' < time
SELECT amount FROM orders WHERE time = '2024-03-09T00:00:00Z'
SELECT amount FROM orders WHERE time < now() LIMIT 5
SELECT amount FROM orders WHERE time < now() - 1h ORDER BY time DESC LIMIT 5
SELECT amount FROM orders WHERE time > now() - 5000w AND time < '2024-03-09T03:00:00Z'
SELECT amount FROM orders WHERE time < NOW() LIMIT 1
SELECT amount FROM orders WHERE time >= '2024-03-10T00:00:00+01:00' AND time < '2024-03-10T02:00:00+01:00'
SELECT amount FROM orders WHERE time >= '2024-03-10T00:00:00.000000001Z' AND time < '2024-03-10T02:00:00.999Z'
SELECT amount FROM orders WHERE time >= '2024-03-10 00:00:00' AND time < '2024-03-10 02:00:00' tz('America/New_York')
SELECT amount FROM orders WHERE time >= '2024-03-09' AND time >= '2024-03-10' AND time < '2024-03-10T03:00:00Z'
SELECT amount FROM orders WHERE (time >= '2024-03-10' AND time < '2024-03-11') AND (customer_id = 'acme' OR customer_id = 'corp')
SELECT amount FROM orders WHERE customer_id = 'acme' AND time >= '2024-03-10' AND (amount > 100 AND qty < 15)
SELECT usage_idle, up FROM cpu WHERE up = false AND host = 'h9'
SELECT usage_idle FROM cpu WHERE host = 'h9' AND customer_id = ''
SELECT usage_idle, usage_user FROM cpu WHERE usage_user > usage_idle LIMIT 20
SELECT note, customer_id FROM cpu WHERE note =~ /step 0/
SELECT n FROM cpu WHERE n > 990
SELECT used, path FROM disk WHERE path = '/' LIMIT 5
SELECT used, path FROM disk WHERE path =~ /^\// LIMIT 5
SELECT used, path FROM disk WHERE path =~ /^\/var\/log$/ LIMIT 5
SELECT used, path FROM disk WHERE path = 'C:\\Data' LIMIT 5
SELECT used, path FROM disk WHERE path =~ /\\Data/ LIMIT 5
SELECT msg FROM logs WHERE msg = 'with \'single\' and "double" quotes'
SELECT msg FROM logs WHERE msg = 'back\\slash'
SELECT msg FROM logs WHERE msg = 'two\nlines	and a tab'
SELECT msg FROM logs WHERE msg =~ /世界/
SELECT msg FROM logs WHERE msg = ''
SELECT msg FROM logs WHERE msg = '1.5' OR msg = 'null'
SELECT msg FROM logs WHERE level = 'err or' AND "Größe" = 's1'
SELECT i FROM extremes WHERE i = 9223372036854775807
SELECT i FROM extremes WHERE i = -9223372036854775808
SELECT i FROM extremes WHERE i > 9007199254740992
SELECT f FROM extremes WHERE f = 0
SELECT f FROM extremes WHERE f >= 100000000000000000000.0
SELECT kind, value FROM both WHERE kind::field = 'field1'
SELECT kind, value FROM both WHERE kind::tag = 'tag1'
SELECT kind, value FROM both WHERE kind = 'field1'
SELECT w FROM mixed WHERE v = 7
SELECT w FROM mixed WHERE v::boolean = true
SELECT amount FROM orders WHERE true LIMIT 3
SELECT amount FROM orders WHERE 1 = 1 LIMIT 3
SELECT amount FROM orders WHERE nothing = '' LIMIT 3
SELECT amount FROM orders WHERE nothing != 'x' LIMIT 3
`,
  ),
  ...reading(
    "where",
    "nothing",
    `
SELECT amount FROM orders WHERE amount > *
SELECT amount FROM orders WHERE amount = amount > 5
SELECT amount FROM orders WHERE time > '2024-03-10' OR time < '2024-03-09'
SELECT w FROM mixed WHERE v = 'text'
SELECT amount, customer_id, region FROM orders WHERE customer_id = region
SELECT amount FROM orders WHERE customer_id = acme
SELECT amount FROM orders WHERE customer_id = "acme"
SELECT amount FROM orders WHERE customer_id = 'nobody'
SELECT amount FROM orders WHERE customer_id = 'acme' AND customer_id = 'beta'
SELECT amount FROM orders WHERE customer_id =~ /^nobody$/
SELECT amount FROM orders WHERE nothing = 'x'
SELECT amount FROM orders WHERE nothing > 1
SELECT amount FROM orders WHERE amount = '5'
SELECT amount FROM orders WHERE qty > 'a'
SELECT amount FROM orders WHERE paid = 'true'
SELECT amount FROM orders WHERE false
SELECT amount FROM orders WHERE time > '2024-03-11' AND time < '2024-03-10'
SELECT amount FROM orders WHERE time > now() + 1h
SELECT amount FROM orders WHERE customer_id::field = 'acme'
SELECT amount FROM orders WHERE customer_id > 'b'
`,
  ),
  ...reading(
    "where",
    "error",
    `
SELECT amount FROM orders WHERE time > '2024-03-10T25:00:00Z'
SELECT amount FROM orders WHERE time != '2024-03-10T00:00:00Z'
SELECT amount FROM orders WHERE time =~ /2024/
SELECT amount FROM orders WHERE time > now() * 2
SELECT mean(amount) FROM orders WHERE mean(amount) > 5
`,
  ),
];
