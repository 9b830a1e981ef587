//! Values of packs that their vendors publish: in documentation, SDKs, samples and their own local tools.
//!
//! The list contains fingerprints, as in `rules::published`. To update it, run `keysweep files` with all packs over the vendors'
//! own repositories, and look at each finding. Only values that the vendor itself prints belong here, never values that others
//! made common.

pub(in crate::rules) const PUBLISHED: &[(u64, &str)] = &[
    (
        0x8d18_8be7_5009_e3f4,
        "Toss Payments, the widget's test key of its documentation and samples (tosspayments/tosspayments-sample)",
    ),
    (0xa99a_7d22_336e_4724, "Toss Payments, the same body behind the older prefix"),
    (0x587d_c238_4179_4a42, "Toss Payments, the API's test key of its samples (tosspayments/tosspayments-sample)"),
    (0x05f2_4c70_0183_80b2, "Toss Payments, a test key of its samples (tosspayments/tosspayments-sample)"),
    (0x3ae2_6aa2_bba3_b0cc, "Resend, the tests of its Node SDK (resend/resend-node)"),
    (0x57f2_5a75_3809_f8cf, "Resend, the tests of its Node SDK (resend/resend-node)"),
    (0x921c_a184_8ee9_8ea4, "Resend, a response in its API reference"),
    (0xc85d_ebb5_5f2f_204d, "Supabase, the local key that its CLI gives to everybody (supabase start)"),
    (0x7919_39be_7ef9_1ab5, "Hugging Face, the test user of huggingface_hub against its CI server"),
    (0xaf1e_fb26_bd63_a9a0, "Paddle, authentication in its API reference"),
];
