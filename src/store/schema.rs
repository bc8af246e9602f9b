//! The tables as diesel sees them; `tests/suite/store/schema.rs` compares this file with the migrations on both databases.

diesel::table! {
    marks (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    law_books (hash) {
        hash -> Text,
        activated_at -> BigInt,
        body -> Binary,
    }
}

diesel::table! {
    data_keys (owner) {
        owner -> Text,
        wrapped -> Binary,
        made_at -> BigInt,
    }
}

diesel::table! {
    chain_heads (chain) {
        chain -> Text,
        seq -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    journal (chain, seq) {
        chain -> Text,
        seq -> BigInt,
        at -> BigInt,
        actor -> Text,
        actions -> Text,
        sealed -> Text,
        previous -> Text,
        hash -> Text,
    }
}

diesel::table! {
    seals (project_id, sealed_on, feed) {
        project_id -> BigInt,
        sealed_on -> Date,
        feed -> Text,
        items -> BigInt,
        root -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    replays (caller, replay_key) {
        caller -> Text,
        replay_key -> Text,
        request_hash -> Text,
        status -> Integer,
        body -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        dedupe -> Text,
        payload -> Text,
        run_at -> BigInt,
        attempts -> Integer,
        state -> Text,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        asked_again -> BigInt,
        dismissed_at -> Nullable<BigInt>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    inbox (id) {
        id -> BigInt,
        feed -> Text,
        source -> Text,
        project_id -> Nullable<BigInt>,
        request -> Text,
        content_type -> Nullable<Text>,
        content_encoding -> Nullable<Text>,
        body -> Binary,
        body_sha256 -> Text,
        body_len -> BigInt,
        truncated -> Bool,
        received_at -> BigInt,
        remote -> Nullable<Text>,
        state -> Text,
        parser -> Nullable<Text>,
        parsed_at -> Nullable<BigInt>,
        items -> Integer,
        items_digest -> Text,
        attempts -> Integer,
    }
}

diesel::table! {
    quarantine (id) {
        id -> BigInt,
        inbox_id -> BigInt,
        item -> Integer,
        place -> Text,
        reason -> Text,
        detail_zh -> Text,
        detail_en -> Text,
        state -> Text,
        closed_by -> Nullable<BigInt>,
        note -> Nullable<Text>,
        created_at -> BigInt,
    }
}

diesel::table! {
    users (id) {
        id -> BigInt,
        login -> Text,
        name -> Text,
        password_hash -> Text,
        must_change_password -> Bool,
        state -> Text,
        created_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    login_throttles (login) {
        login -> Text,
        failures -> Integer,
        locked_until -> BigInt,
        noted_at -> BigInt,
    }
}

diesel::table! {
    grants (id) {
        id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        scope_kind -> Text,
        scope_value -> Text,
        from_on -> Date,
        until_on -> Nullable<Date>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        family -> BigInt,
        refresh_hash -> Text,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    browser_sessions (token_hash) {
        token_hash -> Text,
        user_id -> BigInt,
        created_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_keys (id) {
        id -> BigInt,
        name -> Text,
        key_hash -> Text,
        role -> Text,
        scope_kind -> Text,
        scope_value -> Text,
        created_by -> BigInt,
        created_at -> BigInt,
        expires_on -> Nullable<Date>,
        revoked_at -> Nullable<BigInt>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    unmaskings (id) {
        id -> BigInt,
        user_id -> BigInt,
        subject -> Text,
        field -> Text,
        purpose -> Text,
        at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    parties (id) {
        id -> BigInt,
        uscc -> Text,
        name -> Text,
        kind -> Text,
        parent_id -> Nullable<BigInt>,
        created_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    credit_records (id) {
        id -> BigInt,
        party_id -> BigInt,
        kind -> Text,
        region -> Integer,
        valid_on -> Date,
        until_on -> Nullable<Date>,
        value -> Text,
        document_id -> Nullable<BigInt>,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    documents (id) {
        id -> BigInt,
        project_id -> Nullable<BigInt>,
        kind -> Text,
        name -> Text,
        media_type -> Text,
        size -> BigInt,
        sha256 -> Text,
        body -> Binary,
        uploaded_by -> Text,
        uploaded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    projects (id) {
        id -> BigInt,
        code -> Text,
        name -> Text,
        region -> Integer,
        created_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    project_facts (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        subject_id -> BigInt,
        kind -> Text,
        valid_on -> Date,
        value -> Text,
        document_id -> Nullable<BigInt>,
        recorded_at -> BigInt,
        recorded_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    gate_overrides (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        gate -> Text,
        answer_id -> BigInt,
        reason -> Text,
        legal_ground -> Text,
        until_on -> Date,
        asked_by -> BigInt,
        asked_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    gate_override_decisions (project_id, override_id, verdict) {
        project_id -> BigInt,
        override_id -> BigInt,
        verdict -> Text,
        note -> Text,
        decided_by -> BigInt,
        decided_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    certificates (id) {
        id -> BigInt,
        answer_id -> BigInt,
        project_id -> Nullable<BigInt>,
        token -> Text,
        kid -> Text,
        issued_at -> BigInt,
        expires_at -> BigInt,
        signed -> Text,
        issued_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    project_summaries (project_id) {
        project_id -> BigInt,
        as_of -> Date,
        arrears -> Text,
        arrears_fen -> BigInt,
        arrears_workers -> Integer,
        oldest_due_on -> Nullable<Date>,
        broken -> Integer,
        not_known -> Integer,
        level -> Text,
        assessed_at -> BigInt,
    }
}

diesel::table! {
    project_parties (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        party_id -> BigInt,
        role -> Text,
        under_id -> Nullable<BigInt>,
        from_on -> Date,
        until_on -> Nullable<Date>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    crews (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        name -> Text,
        party_id -> BigInt,
        from_on -> Date,
        until_on -> Nullable<Date>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    workers (id) {
        id -> BigInt,
        name -> Text,
        id_kind -> Text,
        id_number -> Binary,
        id_index -> Text,
        phone -> Nullable<Binary>,
        created_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    enrolments (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        worker_id -> BigInt,
        crew_id -> BigInt,
        trade -> Text,
        pin_index -> Nullable<Text>,
        paper -> Text,
        paper_document_id -> Nullable<BigInt>,
        safety_trained -> Bool,
        card -> Nullable<Binary>,
        card_index -> Nullable<Text>,
        bank_name -> Nullable<Text>,
        day_rate_fen -> BigInt,
        entered_on -> Date,
        left_on -> Nullable<Date>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    notice_boards (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        items -> Text,
        photo_document_id -> Nullable<BigInt>,
        photo_on -> Date,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    deposits (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        amount_fen -> BigInt,
        issuer -> Text,
        lodged_on -> Date,
        ends_on -> Nullable<Date>,
        document_id -> Nullable<BigInt>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    deposit_events (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        deposit_id -> BigInt,
        kind -> Text,
        happened_on -> Date,
        amount_fen -> BigInt,
        document_id -> Nullable<BigInt>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    cases (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        opened_on -> Date,
        closed_on -> Nullable<Date>,
        workers -> Nullable<Integer>,
        amount_fen -> Nullable<BigInt>,
        outcome -> Nullable<Text>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    wage_accounts (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        number -> Text,
        sub_ledger -> Text,
        name -> Text,
        bank_name -> Text,
        bank_code -> Text,
        opened_on -> Date,
        agreement_document_id -> Nullable<BigInt>,
        filed_on -> Nullable<Date>,
        closed_on -> Nullable<Date>,
        detail_means_paid -> Bool,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    bank_statements (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        inbox_id -> BigInt,
        format -> Text,
        kind -> Text,
        statement_ref -> Text,
        from_on -> Nullable<Date>,
        to_on -> Nullable<Date>,
        opening_fen -> Nullable<BigInt>,
        closing_fen -> Nullable<BigInt>,
        entries -> Integer,
        duplicates -> Integer,
        problems -> Text,
        received_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    file_returns (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        inbox_id -> BigInt,
        voided_id -> BigInt,
        note -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    void_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        inbox_id -> BigInt,
        step -> Text,
        note -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    bank_entries (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        statement_id -> BigInt,
        entry_key -> Text,
        match_key -> Text,
        booked_on -> Date,
        value_on -> Nullable<Date>,
        direction -> Text,
        amount_fen -> BigInt,
        reversal -> Bool,
        status -> Text,
        seen_in -> Text,
        bank_ref -> Nullable<Text>,
        counterparty -> Nullable<Text>,
        counterparty_account -> Nullable<Binary>,
        counterparty_index -> Nullable<Text>,
        text -> Text,
        purpose -> Text,
        recorded_seq -> BigInt,
        told_by -> Text,
        voided_by -> Nullable<BigInt>,
        counted_in -> Nullable<BigInt>,
    }
}

diesel::table! {
    postings (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        natural_key -> Text,
        kind -> Text,
        booked_on -> Date,
        reverses_id -> Nullable<BigInt>,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    posting_lines (project_id, posting_id, ordinal) {
        project_id -> BigInt,
        posting_id -> BigInt,
        ordinal -> Integer,
        account -> Text,
        amount_fen -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    pay_sheets (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        month -> Date,
        part -> Integer,
        state -> Text,
        line_count -> Integer,
        total_fen -> BigInt,
        due_on -> Date,
        version -> Integer,
        built_by -> Text,
        submitted_by -> Nullable<Text>,
        audited_by -> Nullable<Text>,
        audited_on -> Nullable<Date>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    pay_lines (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        enrolment_id -> BigInt,
        worker_id -> BigInt,
        days_hundredths -> Integer,
        day_rate_fen -> BigInt,
        gross_fen -> BigInt,
        deductions_fen -> BigInt,
        net_fen -> BigInt,
        due_on -> Date,
        state -> Text,
        state_reason -> Nullable<Text>,
        disputed_fen -> BigInt,
        attempt -> Integer,
        paid_on -> Nullable<Date>,
        recorded_seq -> BigInt,
        paid_fen -> BigInt,
    }
}

diesel::table! {
    line_events (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        line_id -> BigInt,
        state -> Text,
        reason -> Nullable<Text>,
        source -> Text,
        happened_on -> Date,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    signatures (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        line_id -> BigInt,
        means -> Text,
        device -> Nullable<Text>,
        evidence -> Nullable<Text>,
        document_id -> Nullable<BigInt>,
        signed_on -> Date,
        recorded_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    pay_runs (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        account_id -> BigInt,
        message_id -> Text,
        state -> Text,
        line_count -> Integer,
        total_fen -> BigInt,
        file -> Binary,
        file_sha256 -> Text,
        created_by -> Text,
        created_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    pay_run_lines (project_id, run_id, line_id) {
        project_id -> BigInt,
        run_id -> BigInt,
        line_id -> BigInt,
        attempt -> Integer,
        end_to_end_id -> Text,
        amount_fen -> BigInt,
        recorded_seq -> BigInt,
        state -> Text,
        reason -> Nullable<Text>,
        returned_fen -> BigInt,
    }
}

diesel::table! {
    pay_holds (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        worker_id -> BigInt,
        is_held -> Bool,
        note -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    card_holders (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        enrolment_id -> BigInt,
        card_index -> Text,
        holder -> Text,
        source -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    line_releases (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        line_id -> BigInt,
        hold -> Text,
        card_index -> Nullable<Text>,
        note -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    bank_profiles (code, version) {
        code -> Text,
        version -> Integer,
        name -> Text,
        detail_pays -> Bool,
        accc_pays -> Bool,
        acsc_pays -> Bool,
        acsp_pays -> Bool,
        credits_back_days -> Integer,
        lines_max -> Integer,
        file_fen_max -> Nullable<BigInt>,
        line_fen_max -> Nullable<BigInt>,
        batch_booking -> Bool,
        order_version -> Text,
        silence_days -> Integer,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
        name_max -> Nullable<Integer>,
        card_min -> Nullable<Integer>,
        card_max -> Nullable<Integer>,
        card_luhn -> Nullable<Bool>,
        text_max -> Nullable<Integer>,
        charset -> Nullable<Text>,
    }
}

diesel::table! {
    inbox_parts (inbox_id, part) {
        inbox_id -> BigInt,
        part -> Integer,
        body -> Binary,
    }
}

diesel::table! {
    account_profiles (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        profile -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    pay_run_parts (project_id, run_id) {
        project_id -> BigInt,
        run_id -> BigInt,
        first_run_id -> BigInt,
        part -> Integer,
        parts -> Integer,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    run_inquiries (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        run_id -> BigInt,
        kind -> Text,
        note -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    devices (id) {
        id -> BigInt,
        serial -> Text,
        maker -> Text,
        project_id -> Nullable<BigInt>,
        gate -> Text,
        direction -> Text,
        offset_minutes -> Integer,
        state -> Text,
        com_key_hash -> Nullable<Text>,
        created_at -> BigInt,
        recorded_seq -> BigInt,
        token_index -> Nullable<Text>,
        secret -> Nullable<Binary>,
        mac -> Nullable<Text>,
        settings -> Nullable<Text>,
        heartbeat_minutes -> Nullable<Integer>,
    }
}

diesel::table! {
    device_states (device_id) {
        device_id -> BigInt,
        last_seen_at -> BigInt,
        attlog_stamp -> Text,
        operlog_stamp -> Text,
        photo_stamp -> Text,
        info -> Text,
        held_punches -> Integer,
        skews -> Text,
        far_punches -> BigInt,
        refused -> BigInt,
        pictures -> BigInt,
        templates -> BigInt,
        ignored -> Text,
        capabilities -> Text,
        suspected_minutes -> Nullable<Integer>,
        stuck_at -> Nullable<BigInt>,
        told_at -> Nullable<BigInt>,
        cleared_count -> BigInt,
        cleared_before -> BigInt,
        held_other -> Integer,
    }
}

diesel::table! {
    device_users (device_id, pin_index) {
        device_id -> BigInt,
        pin_index -> Text,
        pin -> Binary,
        name -> Text,
        privilege -> Nullable<Integer>,
        told_at -> BigInt,
    }
}

diesel::table! {
    device_operations (id) {
        id -> BigInt,
        device_id -> BigInt,
        line -> Text,
        inbox_id -> BigInt,
        told_at -> BigInt,
    }
}

diesel::table! {
    device_commands (id) {
        id -> BigInt,
        device_id -> BigInt,
        command -> Text,
        state -> Text,
        number -> BigInt,
        return_code -> Nullable<Integer>,
        created_at -> BigInt,
        changed_at -> BigInt,
    }
}

diesel::table! {
    pins (id) {
        id -> BigInt,
        project_id -> BigInt,
        pin -> Binary,
        pin_index -> Text,
        number -> Integer,
    }
}

diesel::table! {
    dirty_days (project_id, local_day) {
        project_id -> BigInt,
        local_day -> Integer,
        marked_at -> BigInt,
    }
}

diesel::table! {
    old_rule_projects (project_id) {
        project_id -> BigInt,
    }
}

diesel::table! {
    old_rule_days (project_id, local_day) {
        project_id -> BigInt,
        local_day -> Integer,
        seal -> Text,
    }
}

diesel::table! {
    work_days (project_id, worked_on, enrolment_id) {
        project_id -> BigInt,
        worked_on -> Date,
        enrolment_id -> BigInt,
        worker_id -> BigInt,
        first_time -> Integer,
        last_time -> Integer,
        punches -> Integer,
        hundredths -> Integer,
        flags -> Text,
        folded_at -> BigInt,
    }
}

diesel::table! {
    attended_months (project_id, month, worker_id) {
        project_id -> BigInt,
        month -> Text,
        worker_id -> BigInt,
        hundredths -> BigInt,
    }
}

diesel::table! {
    assessments (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        as_of -> Date,
        law_book -> Text,
        card -> Text,
        findings -> Text,
        made_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    gate_answers (id) {
        id -> BigInt,
        gate -> Text,
        project_id -> Nullable<BigInt>,
        owner_id -> Nullable<BigInt>,
        contractor_id -> Nullable<BigInt>,
        region -> Integer,
        as_of -> Date,
        verdict -> Text,
        basis -> Nullable<Text>,
        law_book -> Text,
        engine -> Text,
        facts -> Binary,
        facts_hash -> Text,
        answer -> Text,
        answer_hash -> Text,
        asked_by -> Text,
        asked_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    punches (project_id, local_day, local_time, device_id, pin_id, state, verify, ordinal) {
        project_id -> BigInt,
        local_day -> Integer,
        local_time -> Integer,
        device_id -> BigInt,
        pin_id -> BigInt,
        state -> Integer,
        verify -> Integer,
        ordinal -> Integer,
        inbox_id -> BigInt,
    }
}

diesel::table! {
    punch_places (number) {
        number -> Integer,
        project_id -> BigInt,
        device_id -> BigInt,
    }
}

diesel::table! {
    punch_messages (number) {
        number -> BigInt,
        inbox_id -> BigInt,
    }
}

diesel::table! {
    punch_rows (place, local_day, local_time, pin, state, verify, ordinal) {
        place -> Integer,
        local_day -> Integer,
        local_time -> Integer,
        pin -> Integer,
        state -> Integer,
        verify -> Integer,
        ordinal -> Integer,
        message -> BigInt,
    }
}

diesel::table! {
    punch_rows_was (until_at, place, local_day, local_time, pin, state, verify, ordinal) {
        until_at -> BigInt,
        place -> Integer,
        local_day -> Integer,
        local_time -> Integer,
        pin -> Integer,
        state -> Integer,
        verify -> Integer,
        ordinal -> Integer,
        message -> BigInt,
    }
}

diesel::table! {
    device_offsets (id) {
        id -> BigInt,
        device_id -> BigInt,
        project_id -> BigInt,
        since -> BigInt,
        was_minutes -> Integer,
        minutes -> Integer,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    clock_readings (correction_id) {
        correction_id -> BigInt,
        punches -> BigInt,
        days -> BigInt,
        kept_days -> BigInt,
        unread -> BigInt,
        read_at -> BigInt,
    }
}

diesel::table! {
    clock_differences (correction_id, worked_on, enrolment_id) {
        correction_id -> BigInt,
        project_id -> BigInt,
        worked_on -> Date,
        enrolment_id -> BigInt,
        was_first -> Nullable<Integer>,
        was_last -> Nullable<Integer>,
        was_hundredths -> Integer,
        first_time -> Nullable<Integer>,
        last_time -> Nullable<Integer>,
        hundredths -> Integer,
    }
}

diesel::table! {
    enrolment_events (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        enrolment_id -> BigInt,
        kind -> Text,
        valid_on -> Date,
        day_rate_fen -> BigInt,
        card -> Nullable<Binary>,
        card_index -> Nullable<Text>,
        bank_name -> Nullable<Text>,
        recorded_at -> BigInt,
        recorded_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    punch_ids (device_id, item_id) {
        device_id -> BigInt,
        item_id -> Text,
        digest -> Text,
    }
}

diesel::table! {
    amendments (id) {
        id -> BigInt,
        kind -> Text,
        file -> Nullable<Text>,
        region -> Nullable<Integer>,
        wording -> Nullable<Text>,
        replaces -> Nullable<Text>,
        permit_gate -> Nullable<Bool>,
        completion_gate -> Nullable<Bool>,
        reason -> Text,
        document -> Text,
        changes -> Text,
        seen -> BigInt,
        seen_book -> Text,
        law_book -> Text,
        proposed_by -> BigInt,
        proposed_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    amendment_decisions (amendment_id) {
        amendment_id -> BigInt,
        verdict -> Text,
        note -> Text,
        decided_by -> BigInt,
        decided_at -> BigInt,
        activation -> Nullable<BigInt>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    session_ends (user_id) {
        user_id -> BigInt,
        ended_at -> BigInt,
    }
}

diesel::table! {
    former_addresses (id) {
        id -> BigInt,
        user_id -> BigInt,
        address_index -> Text,
        left_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    user_contacts (user_id) {
        user_id -> BigInt,
        email -> Nullable<Binary>,
        language -> Text,
        changed_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    folders_missing (id) {
        id -> BigInt,
        path -> Text,
        project_id -> BigInt,
        since -> BigInt,
    }
}

diesel::table! {
    notices (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        subject -> Text,
        urgent -> Bool,
        words -> Text,
        state -> Text,
        first_seen_at -> BigInt,
        told_at -> Nullable<BigInt>,
        cured_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    mails (id) {
        id -> BigInt,
        user_id -> BigInt,
        dedupe -> Text,
        language -> Text,
        kind -> Text,
        subject -> Text,
        body -> Binary,
        message_id -> Text,
        state -> Text,
        attempts -> Integer,
        run_at -> BigInt,
        last_error -> Nullable<Text>,
        created_at -> BigInt,
        sent_at -> Nullable<BigInt>,
        dismissed_at -> Nullable<BigInt>,
        note -> Nullable<Text>,
    }
}

diesel::table! {
    mail_attempts (mail_id, number) {
        mail_id -> BigInt,
        number -> Integer,
        begun_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        outcome -> Text,
        detail -> Nullable<Text>,
    }
}

diesel::table! {
    ticks (name, due_at) {
        name -> Text,
        due_at -> BigInt,
        outcome -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    retired_keys (kid) {
        kid -> Text,
        public_key -> Text,
        retired_at -> BigInt,
    }
}

diesel::table! {
    device_days (device_id, local_day) {
        device_id -> BigInt,
        local_day -> Integer,
        first_at -> BigInt,
    }
}

diesel::table! {
    law_activations (at, ordinal) {
        at -> BigInt,
        ordinal -> Integer,
        law_book -> Text,
        permit_gate -> Bool,
        completion_gate -> Bool,
    }
}

diesel::table! {
    matter_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        matter_id -> BigInt,
        kind -> Text,
        step -> Text,
        happened_on -> Date,
        due_on -> Nullable<Date>,
        amount_fen -> Nullable<BigInt>,
        payroll_fen -> Nullable<BigInt>,
        balance_fen -> Nullable<BigInt>,
        subject -> Nullable<Text>,
        reason -> Nullable<Text>,
        note -> Nullable<Text>,
        document_id -> Nullable<BigInt>,
        recorded_at -> BigInt,
        recorded_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    cleared_lines (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        line_id -> BigInt,
        payer -> Text,
        amount_fen -> BigInt,
        paid_on -> Date,
        reference -> Text,
        document_id -> Nullable<BigInt>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    calendar_feeds (user_id) {
        user_id -> BigInt,
        token_hash -> Text,
        made_at -> BigInt,
    }
}

diesel::table! {
    line_items (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        line_id -> BigInt,
        kind -> Text,
        label -> Text,
        quantity_thousandths -> BigInt,
        unit_price_fen -> BigInt,
        rate_percent -> Integer,
        amount_fen -> BigInt,
        source -> Text,
        inbox_id -> Nullable<BigInt>,
        entered_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    item_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        item_id -> BigInt,
        step -> Text,
        note -> Text,
        recorded_by -> Text,
        happened_on -> Date,
        recorded_seq -> BigInt,
        document_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    line_versions (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        line_id -> BigInt,
        version -> Integer,
        reason -> Text,
        net_fen -> BigInt,
        opened_by -> Text,
        opened_on -> Date,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    line_corrections (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        line_id -> BigInt,
        kind -> Text,
        amount_fen -> BigInt,
        reason -> Text,
        new_sheet_id -> Nullable<BigInt>,
        new_line_id -> Nullable<BigInt>,
        item_id -> Nullable<BigInt>,
        document_id -> Nullable<BigInt>,
        recorded_by -> Text,
        happened_on -> Date,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
        back_pay_of -> Nullable<Text>,
    }
}

diesel::table! {
    sheet_notes (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        step -> Text,
        note -> Text,
        recorded_by -> Text,
        happened_on -> Date,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sheet_periods (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        cycle -> Text,
        from_on -> Date,
        to_on -> Date,
        agreed_in -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sheet_layouts (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        layout -> Text,
        mapping -> Text,
        confirmed_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    participation_ends (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        participation_id -> BigInt,
        ended_on -> Date,
        reason -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    bank_layouts (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        bank -> Text,
        fingerprint -> Text,
        mapping -> Text,
        encoding -> Nullable<Text>,
        step -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    bank_layout_uses (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        inbox_id -> BigInt,
        layout_id -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sheet_refusals (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        inbox_id -> BigInt,
        enrolment_id -> BigInt,
        file_row -> Integer,
        place -> Text,
        reason -> Text,
        zh -> Text,
        en -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    left_out_confirmations (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        line_id -> BigInt,
        net_fen -> BigInt,
        note -> Text,
        confirmed_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sheet_imports (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        inbox_id -> BigInt,
        layout -> Text,
        taken -> Integer,
        refused -> Integer,
        imported_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sign_links (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        line_id -> BigInt,
        secret_hash -> Text,
        net_fen -> BigInt,
        until_at -> BigInt,
        made_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sign_tries (link_id, ordinal) {
        link_id -> BigInt,
        ordinal -> Integer,
        tried_at -> BigInt,
    }
}

diesel::table! {
    entry_payees (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        entry_id -> BigInt,
        line_id -> BigInt,
        end_to_end_id -> Text,
        amount_fen -> BigInt,
        counterparty -> Nullable<Text>,
        counterparty_account -> Nullable<Binary>,
        counterparty_index -> Nullable<Text>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    match_decisions (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        month -> Date,
        subject -> Text,
        kind -> Text,
        basis -> Text,
        verdict -> Text,
        note -> Text,
        document_id -> Nullable<BigInt>,
        decided_by -> Text,
        decided_at -> BigInt,
        recorded_seq -> BigInt,
        confirms -> Nullable<BigInt>,
    }
}

diesel::table! {
    exceptional_registrations (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        enrolment_id -> BigInt,
        worker_id -> BigInt,
        reason -> Text,
        note -> Text,
        official_text -> Nullable<Text>,
        pay_route -> Text,
        route_reason -> Nullable<Text>,
        route_document_id -> Nullable<BigInt>,
        medical_document_id -> Nullable<BigInt>,
        insurance_document_id -> Nullable<BigInt>,
        second_means -> Nullable<Text>,
        from_on -> Date,
        until_on -> Date,
        renews_id -> Nullable<BigInt>,
        proposed_by -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    worker_particulars (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        worker_id -> BigInt,
        enrolment_id -> BigInt,
        body -> Binary,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    exceptional_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        registration_id -> BigInt,
        step -> Text,
        note -> Text,
        decided_on -> Date,
        decided_by -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    day_corrections (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        enrolment_id -> BigInt,
        worker_id -> BigInt,
        worked_on -> Date,
        first_time -> Integer,
        last_time -> Integer,
        hundredths -> Integer,
        was_hundredths -> Nullable<Integer>,
        reason -> Text,
        document_id -> Nullable<BigInt>,
        proposed_by -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    correction_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        correction_id -> BigInt,
        step -> Text,
        note -> Text,
        decided_by -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    roster_imports (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        inbox_id -> BigInt,
        file_name -> Text,
        day_rate_fen -> Nullable<BigInt>,
        entered_on -> Date,
        paper -> Text,
        safety_trained -> Bool,
        good_rows -> Integer,
        bad_rows -> Integer,
        read_on -> Date,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
        kind -> Nullable<Text>,
        month -> Nullable<Date>,
    }
}

diesel::table! {
    roster_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        import_id -> BigInt,
        step -> Text,
        from_place -> Integer,
        until_place -> Integer,
        enrolled -> Integer,
        known -> Integer,
        refused -> Integer,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    roster_rows (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        import_id -> BigInt,
        row_number -> Integer,
        state -> Text,
        told -> Text,
        enrolment_id -> Nullable<BigInt>,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    card_movements (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        enrolment_id -> BigInt,
        worker_id -> BigInt,
        kind -> Text,
        other_index -> Text,
        is_most -> Bool,
        happened_at -> BigInt,
        recorded_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    opening_sheets (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        document_id -> BigInt,
        note -> Text,
        imported_by -> Text,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    sign_pins (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        worker_id -> BigInt,
        origin -> Text,
        pin_hash -> Nullable<Text>,
        witness -> Nullable<Text>,
        set_by -> Text,
        set_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    realname_apps (id) {
        id -> BigInt,
        app_id -> Text,
        name -> Text,
        profile -> Text,
        project_id -> Nullable<BigInt>,
        party_id -> Nullable<BigInt>,
        secret -> Binary,
        corp_secret -> Nullable<Binary>,
        addresses -> Text,
        methods -> Text,
        state -> Text,
        created_at -> BigInt,
        changed_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    realname_records (id) {
        id -> BigInt,
        project_id -> Nullable<BigInt>,
        app_id -> BigInt,
        kind -> Text,
        key_index -> Text,
        version -> Integer,
        content -> Text,
        body -> Binary,
        number -> Nullable<BigInt>,
        subject_id -> Nullable<BigInt>,
        inbox_id -> BigInt,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
        person_index -> Nullable<Text>,
    }
}

diesel::table! {
    uploaded_pay (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        sheet_id -> BigInt,
        enrolment_id -> BigInt,
        worker_id -> BigInt,
        month -> Date,
        key_index -> Text,
        content -> Text,
        total_fen -> BigInt,
        actual_fen -> BigInt,
        days_hundredths -> Nullable<Integer>,
        inbox_id -> BigInt,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    realname_requests (id) {
        id -> BigInt,
        serial_code -> Text,
        app_id -> BigInt,
        method -> Text,
        project_id -> Nullable<BigInt>,
        inbox_id -> BigInt,
        state -> Text,
        result -> Text,
        received_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    realname_nonces (app_id, nonce, stamp) {
        app_id -> BigInt,
        nonce -> Text,
        stamp -> Text,
        body_sha256 -> Text,
        answer -> Binary,
        at -> BigInt,
    }
}

diesel::table! {
    realname_counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    realname_counts (app_id, day, method, outcome) {
        app_id -> BigInt,
        day -> Date,
        method -> Text,
        outcome -> Text,
        n -> BigInt,
    }
}

diesel::table! {
    realname_errors (id) {
        id -> BigInt,
        app_id -> BigInt,
        at -> BigInt,
        method -> Text,
        code -> Text,
        message -> Text,
    }
}

diesel::table! {
    device_silences (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        device_id -> BigInt,
        step -> Text,
        at -> BigInt,
        noticed_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(devices, device_states);
diesel::allow_tables_to_appear_in_same_query!(punch_rows, punch_places);
diesel::allow_tables_to_appear_in_same_query!(quarantine, inbox);

diesel::table! {
    bank_event_ids (sender, event_id) {
        sender -> Text,
        event_id -> Text,
        content -> Text,
        received_at -> BigInt,
    }
}

diesel::table! {
    bank_keys (id) {
        id -> BigInt,
        user_id -> BigInt,
        name -> Text,
        kind -> Text,
        secret -> Binary,
        created_by -> Text,
        created_at -> BigInt,
        ends_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    bank_token_ids (key_id, token_id) {
        key_id -> BigInt,
        token_id -> Text,
        expires_at -> BigInt,
    }
}

diesel::table! {
    bank_key_marks (key_id, outcome) {
        key_id -> BigInt,
        outcome -> Text,
        first_at -> BigInt,
    }
}

diesel::table! {
    account_freezes (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        inbox_id -> BigInt,
        act -> Text,
        document -> Text,
        by_whom -> Nullable<Text>,
        reason -> Nullable<Text>,
        amount_fen -> Nullable<BigInt>,
        happened_on -> Date,
        told_by -> Text,
        occurred_at -> BigInt,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    bank_words (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        account_id -> BigInt,
        inbox_id -> BigInt,
        kind -> Text,
        about_on -> Date,
        told_fen -> Nullable<BigInt>,
        ours_fen -> Nullable<BigInt>,
        differs -> Bool,
        fields -> Text,
        told_by -> Text,
        occurred_at -> BigInt,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    card_words (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        enrolment_id -> BigInt,
        card_index -> Text,
        status -> Text,
        source -> Text,
        occurred_at -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    report_platforms (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        name -> Text,
        address -> Text,
        profile -> Text,
        app_id -> Text,
        secret -> Binary,
        corp_secret -> Nullable<Binary>,
        project_code -> Nullable<Text>,
        kinds -> Text,
        from_on -> Date,
        state -> Text,
        created_at -> BigInt,
        changed_by -> Text,
        changed_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    report_queues (platform_id) {
        platform_id -> BigInt,
        project_id -> BigInt,
        stopped -> Nullable<Text>,
        test_asked_at -> Nullable<BigInt>,
        tested_at -> Nullable<BigInt>,
        test_outcome -> Nullable<Text>,
        swept_at -> Nullable<BigInt>,
        looked_at -> Nullable<BigInt>,
        down_since -> Nullable<BigInt>,
        down_tries -> Integer,
        down_why -> Nullable<Text>,
        down_sends -> Integer,
        probe_at -> BigInt,
        up_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    report_fields (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
        body -> Binary,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    report_records (id) {
        id -> BigInt,
        project_id -> BigInt,
        platform_id -> BigInt,
        kind -> Text,
        rank -> Integer,
        key -> Text,
        parent_kind -> Nullable<Text>,
        parent -> Nullable<Text>,
        subject_id -> BigInt,
        title -> Text,
        on_day -> Date,
        root -> Text,
        wanted -> Text,
        body -> Binary,
        accepted -> Nullable<Text>,
        accepted_body -> Nullable<Binary>,
        accepted_at -> Nullable<BigInt>,
        state -> Text,
        reason -> Text,
        call_id -> Nullable<BigInt>,
        number -> Nullable<BigInt>,
        remote_code -> Nullable<Text>,
        is_alone -> Integer,
        changed_at -> BigInt,
        previous -> Nullable<Text>,
        tries -> Integer,
        failing_since -> Nullable<BigInt>,
        next_at -> BigInt,
    }
}

diesel::table! {
    report_calls (id) {
        id -> BigInt,
        project_id -> BigInt,
        platform_id -> BigInt,
        kind -> Text,
        method -> Text,
        body -> Binary,
        state -> Text,
        serial_code -> Nullable<Text>,
        tries -> Integer,
        polls -> Integer,
        begun_at -> BigInt,
        next_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        answer -> Text,
    }
}

diesel::table! {
    report_call_items (call_id, place) {
        call_id -> BigInt,
        place -> Integer,
        record_id -> BigInt,
        digest -> Text,
        body -> Binary,
    }
}

diesel::table! {
    report_receipts (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        platform_id -> BigInt,
        call_id -> BigInt,
        kind -> Text,
        method -> Text,
        outcome -> Text,
        serial_code -> Nullable<Text>,
        items -> Integer,
        content -> Text,
        answer -> Text,
        at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    report_looks (platform_id, kind, span) {
        platform_id -> BigInt,
        kind -> Text,
        span -> Text,
        project_id -> BigInt,
        asked_at -> BigInt,
        next_at -> BigInt,
        tries -> Integer,
    }
}

diesel::table! {
    report_differences (record_id) {
        record_id -> BigInt,
        project_id -> BigInt,
        platform_id -> BigInt,
        what -> Text,
        fields -> Text,
        found_at -> BigInt,
    }
}

diesel::table! {
    webhooks (id) {
        id -> BigInt,
        name -> Text,
        scope_kind -> Text,
        scope_value -> Text,
        events -> Text,
        fields -> Text,
        body -> Binary,
        secret -> Binary,
        old_secret -> Nullable<Binary>,
        old_until -> Nullable<BigInt>,
        state -> Text,
        reason -> Text,
        created_at -> BigInt,
        changed_by -> Text,
        changed_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    webhook_calls (id) {
        id -> BigInt,
        webhook_id -> BigInt,
        event_id -> Text,
        kind -> Text,
        project_id -> Nullable<BigInt>,
        body -> Binary,
        state -> Text,
        tries -> Integer,
        run_at -> BigInt,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    webhook_tries (call_id, number) {
        call_id -> BigInt,
        number -> Integer,
        begun_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        status -> Nullable<Integer>,
        outcome -> Text,
        answer -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(correction_steps, day_corrections);

diesel::table! {
    told_clearings (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        payer -> Text,
        reference -> Text,
        paid_on -> Date,
        document_id -> BigInt,
        items -> Text,
        told_by -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    clearing_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        clearing_id -> BigInt,
        step -> Text,
        note -> Text,
        decided_by -> BigInt,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    notice_lines (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        matter_id -> BigInt,
        line_id -> BigInt,
        word -> Text,
        amount_fen -> BigInt,
        reference -> Nullable<Text>,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    entry_payments (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        entry_id -> BigInt,
        payment -> Text,
        amount_fen -> BigInt,
        recorded_seq -> BigInt,
    }
}

diesel::table! {
    entry_doubts (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        entry_id -> BigInt,
        kind -> Text,
        amount_fen -> BigInt,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
        named_run -> Nullable<Text>,
    }
}

diesel::table! {
    device_turns (id) {
        id -> BigInt,
        device_id -> BigInt,
        since -> BigInt,
        was -> Text,
        direction -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
        was_project_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    doubt_steps (project_id, id) {
        project_id -> BigInt,
        id -> BigInt,
        doubt_id -> BigInt,
        step -> Text,
        answer -> Text,
        payment -> Nullable<Text>,
        note -> Text,
        recorded_by -> Text,
        recorded_at -> BigInt,
        recorded_seq -> BigInt,
        document_id -> Nullable<BigInt>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(entry_payments, bank_entries);

diesel::allow_tables_to_appear_in_same_query!(entry_doubts, bank_entries);
