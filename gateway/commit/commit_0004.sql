-- The group commit whose caps count only what had no price, whichever channel answered. All else is as it was in
-- commit_0003.sql, and the other functions as in commit_0001.sql. rules.py is this file's twin for SQLite.
CREATE OR REPLACE FUNCTION tollgate_commit(
    s_id bigint[], s_wallet bigint[], s_charge bigint[], s_open boolean[],  -- s_open false: there is no hold
    s_kind text[],  -- empty: a release, without a row
    s_source text[], s_model text[], s_key text[], s_channel text[], s_stream boolean[],
    s_status smallint[], s_code text[], s_reason text[], s_input int[], s_output int[], s_cached int[], s_written int[],
    s_reasoning int[], s_audio_in int[], s_audio_out int[], s_price bigint[], s_price_source text[],
    s_estimated boolean[], s_latency int[], s_ttfb int[], s_address inet[],
    r_id bigint[], r_wallet bigint[], r_kind text[], r_tokens int[], r_prompt bigint[], r_rate bigint[], r_model text[],
    r_key text[], r_channel text[], r_stream boolean[], r_source text[], r_price bigint[], r_price_source text[],
    r_worker smallint[], r_limit int[], r_max int[],  -- r_max NULL: the client set no maximum
    r_last int[],  -- the last limit of each reserve in the l_ arrays, which hold those of all reserves in a row
    l_wallet bigint[], l_kind text[], l_owner bigint[], l_start bigint[], l_amount bigint[],
    default_bound int,
    OUT version_number bigint,
    OUT paid bigint[], OUT shortfall bigint[],  -- per settlement; paid NULL: the hold was closed before
    OUT refused int[],  -- per reserve: 0 admitted, -1 insufficient, 1.. which of its limits is used up
    OUT bound int[], OUT amount bigint[],  -- amount: held, or needed where refused
    OUT free bigint[], OUT held bigint[]  -- the wallet as this reserve met it
) LANGUAGE plpgsql AS $$
DECLARE
    w_id bigint[]; w_free bigint[]; w_limit bigint[]; w_held bigint[]; w_owed bigint[]; w_found bigint[];
    w_settled boolean[];
    b_id bigint[]; b_kind text[]; b_limit bigint[]; b_spent bigint[]; b_held bigint[];
    d_ord int[]; d_wallet bigint[]; d_amount bigint[]; d_tokens bigint[]; d_budgets text[];  -- the holds that end
    l_id bigint[];  -- the budget of each limit
    r_budgets text[];
    n int; w int; b int; budget bigint; first int := 1; last int;
    taken bigint; room bigint; tight bigint; need bigint; tokens int; asked bigint;
BEGIN
    SELECT array_agg(l.user_id), array_agg(l.balance), array_agg(l.credit_limit), array_agg(l.held),
           array_agg(l.owed), array_agg(l.balance + l.held), array_agg(false)
      INTO w_id, w_free, w_limit, w_held, w_owed, w_found, w_settled
      FROM (SELECT * FROM wallet_wallet WHERE user_id = ANY (s_wallet || r_wallet) ORDER BY user_id FOR UPDATE) l;

    -- a hold comes back once even if the batch names it twice: that is what makes settling idempotent
    IF cardinality(s_id) > 0 THEN
        WITH gone AS (
            DELETE FROM wallet_hold h USING unnest(s_id, s_wallet, s_open) WITH ORDINALITY s(id, wallet, open, ord)
             WHERE h.id = s.id AND h.wallet_id = s.wallet AND s.open
            RETURNING s.ord, h.wallet_id, h.amount, h.prompt_tokens + h.bound::bigint AS tokens, h.budgets)
        SELECT array_agg(g.ord ORDER BY g.ord), array_agg(g.wallet_id ORDER BY g.ord),
               array_agg(g.amount ORDER BY g.ord), array_agg(g.tokens ORDER BY g.ord),
               array_agg(g.budgets ORDER BY g.ord)
          INTO d_ord, d_wallet, d_amount, d_tokens, d_budgets FROM gone g;
    END IF;

    IF cardinality(l_kind) > 0 THEN
        FOR i IN 1 .. 2 LOOP
            SELECT array_agg(found.id ORDER BY k.ord) INTO l_id
              FROM unnest(l_wallet, l_kind, l_owner, l_start) WITH ORDINALITY k(wallet, kind, owner, start, ord)
              LEFT JOIN wallet_budget found ON found.wallet_id = k.wallet AND found.kind = k.kind
                    AND found.owner = k.owner AND found.period_start = k.start;
            EXIT WHEN i = 2 OR array_position(l_id, NULL) IS NULL;
            INSERT INTO wallet_budget (wallet_id, kind, owner, period_start, "limit", spent, held)
            SELECT DISTINCT ON (1, 2, 3, 4) k.wallet, k.kind, k.owner, k.start, k.amount, 0, 0
              FROM unnest(l_wallet, l_kind, l_owner, l_start, l_amount) k(wallet, kind, owner, start, amount)
             WHERE k.wallet = ANY (w_id)
            ON CONFLICT DO NOTHING;
        END LOOP;
    END IF;
    IF l_id IS NOT NULL OR d_budgets IS NOT NULL THEN
        SELECT array_agg(x.id), array_agg(x.kind), array_agg(x."limit"), array_agg(x.spent), array_agg(x.held)
          INTO b_id, b_kind, b_limit, b_spent, b_held
          FROM wallet_budget x
         WHERE x.id = ANY (l_id || string_to_array(array_to_string(array_remove(d_budgets, ''), ','), ',')::bigint[]);
    END IF;

    paid := array_fill(NULL::bigint, ARRAY[cardinality(s_id)]);
    shortfall := array_fill(0::bigint, ARRAY[cardinality(s_id)]);
    FOR i IN 1 .. cardinality(s_id) LOOP
        IF NOT s_open[i] AND s_wallet[i] = ANY (w_id) THEN
            paid[i] := 0;
        END IF;
    END LOOP;
    FOR i IN 1 .. coalesce(cardinality(d_ord), 0) LOOP
        n := d_ord[i];
        w := array_position(w_id, d_wallet[i]);
        CONTINUE WHEN w IS NULL;  -- the account is gone, and its money with it
        IF s_charge[n] < 0 THEN
            RAISE EXCEPTION 'negative charge' USING ERRCODE = '22003';
        END IF;
        taken := least(s_charge[n], d_amount[i] + w_free[w] + w_limit[w]);
        paid[n] := taken;
        shortfall[n] := s_charge[n] - taken;
        w_free[w] := w_free[w] + d_amount[i] - taken;
        w_held[w] := w_held[w] - d_amount[i];
        w_owed[w] := w_owed[w] + s_charge[n] - taken;
        w_settled[w] := true;
        FOREACH budget IN ARRAY string_to_array(d_budgets[i], ',')::bigint[] LOOP
            b := array_position(b_id, budget);
            CONTINUE WHEN b IS NULL;  -- its period is over and the row was pruned
            CASE b_kind[b]
                WHEN 'rpm' THEN NULL;  -- a call counts in its minute for good
                WHEN 'parallel', 'streams' THEN
                    b_held[b] := b_held[b] - 1;
                WHEN 'tpm' THEN
                    b_held[b] := b_held[b] - d_tokens[i];
                    b_spent[b] := b_spent[b] + s_input[n]::bigint + s_output[n];
                WHEN 'cap' THEN
                    b_held[b] := b_held[b] - d_amount[i];
                    IF s_price_source[n] IN ('upstream', 'fallback') THEN
                        b_spent[b] := b_spent[b] + taken;
                    END IF;
                ELSE
                    b_held[b] := b_held[b] - d_amount[i];
                    b_spent[b] := b_spent[b] + taken;
            END CASE;
        END LOOP;
    END LOOP;

    n := cardinality(r_id);
    refused := array_fill(0, ARRAY[n]);
    bound := array_fill(0, ARRAY[n]);
    amount := array_fill(0::bigint, ARRAY[n]);
    free := array_fill(0::bigint, ARRAY[n]);
    held := array_fill(0::bigint, ARRAY[n]);
    r_budgets := array_fill(''::text, ARRAY[n]);
    FOR i IN 1 .. n LOOP
        last := r_last[i];
        w := array_position(w_id, r_wallet[i]);  -- NULL: the account is gone, which reads as an empty wallet
        free[i] := coalesce(w_free[w], 0);
        held[i] := coalesce(w_held[w], 0);
        room := CASE WHEN w_owed[w] = 0 THEN greatest(w_free[w] + w_limit[w], 0) ELSE 0 END;
        tight := room;
        IF w IS NOT NULL THEN
            FOR j IN first .. last LOOP
                b := array_position(b_id, l_id[j]);
                b_limit[b] := l_amount[j];
                IF b_kind[b] NOT IN ('rpm', 'tpm', 'parallel', 'streams') THEN
                    tight := least(tight, greatest(b_limit[b] - b_spent[b] - b_held[b], 0));
                END IF;
            END LOOP;
        END IF;

        tokens := least(r_max[i], r_limit[i]);
        need := r_prompt[i] + tollgate_price(r_rate[i], tokens);
        IF r_max[i] IS NULL AND r_rate[i] > 0 AND (need * 10 > free[i] OR need > tight) THEN
            tokens := least(default_bound, r_limit[i]);
            need := r_prompt[i] + tollgate_price(r_rate[i], tokens);
            IF need > tight THEN
                tokens := greatest(div((tight - r_prompt[i])::numeric * 1000000, r_rate[i]), least(256, r_limit[i]));
                need := r_prompt[i] + tollgate_price(r_rate[i], tokens);
            END IF;
        END IF;
        bound[i] := tokens;
        amount[i] := need;

        IF w IS NULL OR need > room THEN
            refused[i] := -1;
        ELSE
            FOR j IN first .. last LOOP
                b := array_position(b_id, l_id[j]);
                asked := CASE WHEN b_kind[b] IN ('rpm', 'parallel', 'streams') THEN 1
                              WHEN b_kind[b] = 'tpm' THEN r_tokens[i] + tokens::bigint ELSE need END;
                IF asked > greatest(b_limit[b] - b_spent[b] - b_held[b], 0) THEN
                    refused[i] := j - first + 1;
                    EXIT;
                END IF;
            END LOOP;
        END IF;
        IF refused[i] = 0 THEN
            w_free[w] := w_free[w] - need;
            w_held[w] := w_held[w] + need;
            FOR j IN first .. last LOOP
                b := array_position(b_id, l_id[j]);
                CASE b_kind[b]
                    WHEN 'rpm' THEN b_spent[b] := b_spent[b] + 1;
                    WHEN 'parallel', 'streams' THEN b_held[b] := b_held[b] + 1;
                    WHEN 'tpm' THEN b_held[b] := b_held[b] + r_tokens[i]::bigint + tokens;
                    ELSE b_held[b] := b_held[b] + need;
                END CASE;
            END LOOP;
            r_budgets[i] := coalesce(array_to_string(l_id[first:last], ','), '');
        END IF;
        first := last + 1;
    END LOOP;

    UPDATE wallet_wallet SET balance = x.free, held = x.held, owed = x.owed
      FROM unnest(w_id, w_free, w_held, w_owed) x(id, free, held, owed)
     WHERE wallet_wallet.user_id = x.id
       AND (wallet_wallet.balance, wallet_wallet.held, wallet_wallet.owed) IS DISTINCT FROM (x.free, x.held, x.owed);
    IF b_id IS NOT NULL THEN
        UPDATE wallet_budget t SET "limit" = x.limit_amount, spent = x.spent, held = x.held
          FROM unnest(b_id, b_limit, b_spent, b_held) x(id, limit_amount, spent, held)
         WHERE t.id = x.id AND (t."limit", t.spent, t.held) IS DISTINCT FROM (x.limit_amount, x.spent, x.held);
    END IF;
    IF n > 0 THEN
        INSERT INTO wallet_hold (id, wallet_id, amount, bound, budgets, seen_tokens, kind, prompt_tokens, prompt_cost,
            output_rate, model, api_key, channel, stream, source, price_id, price_source, worker)
        SELECT x.id, x.wallet, x.amount, x.bound, x.budgets, 0, x.kind, x.tokens, x.prompt, x.rate, x.model, x.key,
               x.channel, x.stream, x.source, x.price, x.price_source, x.worker
          FROM unnest(r_id, r_wallet, amount, bound, r_budgets, r_kind, r_tokens, r_prompt, r_rate, r_model, r_key,
                      r_channel, r_stream, r_source, r_price, r_price_source, r_worker, refused)
               x(id, wallet, amount, bound, budgets, kind, tokens, prompt, rate, model, key, channel, stream, source,
                 price, price_source, worker, refused)
         WHERE x.refused = 0;
    END IF;
    IF cardinality(s_id) > 0 THEN
        PERFORM tollgate_record(s_id, s_wallet, s_charge, s_kind, s_source, s_model, s_key, s_channel, s_stream,
            s_status, s_code, s_reason, s_input, s_output, s_cached, s_written, s_reasoning, s_audio_in, s_audio_out,
            s_price, s_price_source, s_estimated, s_latency, s_ttfb, s_address, paid, shortfall);
    END IF;
    IF true = ANY (w_settled) THEN
        PERFORM tollgate_warn(w_id, w_found, w_free, w_held, w_settled);
    END IF;
    SELECT number INTO version_number FROM common_version WHERE id = 1;
    version_number := coalesce(version_number, 0);
END $$;
